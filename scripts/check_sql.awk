# check_sql.awk
#	The rules of check_sql.sh, which calls it with variables sql (the directory),
#	rendered (the same files as they are for each record type) and figures.
#
# Functions are read in the rendered files: of a template for both record types,
# task_claim and comment_claim are two functions at one place. Lines have the
# same numbers there. Whatever is said of a place is said once.
#
# A file is read in pieces of code, comment and string. What stands between
# dollar signs is code. A string may hold code, too (dynamic SQL, a regprocedure),
# unless it is one for people: of a MESSAGE, DETAIL or HINT, or of a comment.

BEGIN {
	max_columns = 120
	first_of_table = "(min|max)[(][a-z]+[.](id|github_id)[)]( INTO [a-z_.]+)? FROM github_sync[.][a-z_@]+ AS [a-z]+"
	volatile_bound = "[a-z]+[.](next_attempt_at|settle_at|finished_at|begun_at|received_at|try_at|inserted_at) *[<>]=? *clock_timestamp"
	max_lines = 60
	max_inputs = 6
	read_rules()
	read_order()
	for (i = 1; i <= files; i++) check_source(order[i])
	for (i = 1; i <= files; i++) {
		if (for_record[order[i]] != "comment") read_rendered("task", order[i])
		if (for_record[order[i]] != "task") read_rendered("comment", order[i])
	}
	check_objects()
	check_references()
	check_bare_calls()
	report_upward()
	check_c()
	if (figures != "") print_figures()
	if (breaches > 0) {
		print "the rules of " sql "/ are breached in " breaches " places (see scripts/check_sql.sh)" >"/dev/stderr"
		exit 1
	}
}

function read_rules(	line, words, n, i) {
	while ((getline line <"scripts/sql_rules.txt") > 0) {
		n = split(line, words, " ")
		if (words[1] == "wide") may_be_wide[words[2]] = 1
		if (words[1] == "granted") granted[words[2], words[3]] = 1
		if (words[1] == "tolerated") for (i = 3; i <= n; i++) tolerated[words[2], words[i]] = 0
	}
}

function read_order(	line, words, file, number) {
	while ((getline line <(sql "/order.txt")) > 0) {
		number++
		if (line ~ /^#/ || line !~ /[^ \t]/) continue
		file = split(line, words, " ") == 3 ? words[2] : ""
		if (file == "" || words[1] !~ /^(member|object|view|finish)$/ || words[3] !~ /^(task|comment|both)$/) {
			breach("order", "order.txt", number, "\"" line "\" is not KIND FILE FOR: " what_is_wrong(words, file))
			if (file != "" && !(file in place)) place[file] = 0
			continue
		}
		if (file in place) { breach("order", "order.txt", 0, file " is named twice"); continue }
		order[++files] = file
		place[file] = files
		kind_of[file] = words[1]
		for_record[file] = words[3]
	}
	while ((getline file <(rendered "/present")) > 0)
		if (!(file in place)) breach("order", file, 0, "order.txt does not name the file")
}

function what_is_wrong(words, file) {
	if (file == "") return "these are three words"
	if (words[1] !~ /^(member|object|view|finish)$/) return "KIND is member, object, view or finish"
	return "FOR is task, comment or both"
}

# Says what is wrong, once for each place.
function breach(rule, file, line, text,	key) {
	key = rule SUBSEP file SUBSEP line SUBSEP of_template(text)
	if (key in said) return
	said[key] = 1
	if ((rule, file) in granted) return
	if (is_tolerated(rule, file) || is_tolerated(rule, folder_of(file) "/*")) { tolerated_breaches++; return }
	breaches++
	print sql "/" file (line ? ":" line : "") ": " rule ": " text >"/dev/stderr"
}

function is_tolerated(rule, place) {
	if (!((rule, place) in tolerated)) return 0
	tolerated[rule, place]++
	return 1
}

function folder_of(file) {
	sub(/\/.*/, "", file)
	return file
}

# task_claim, comment_claim: one name in the template.
function of_template(text) {
	gsub(/comment/, "task", text)
	return text
}

# ---------------------------------------------------------------------------
# Lines as they stand in sql/

function check_source(file,	line, number, width) {
	while ((getline line <(sql "/" file)) > 0) {
		number++
		width = columns_of(line)
		if (width > widest[file]) widest[file] = width
		if (width > max_columns) breach("line", file, number, width " columns")
		if (line ~ volatile_bound)
			breach("clock", file, number, "no index finds what is compared with clock_timestamp(): (SELECT clock_timestamp())")
		if (line ~ /WHEN OTHERS/ && line !~ /WHEN OTHERS OR assert_failure THEN/)
			breach("assert", file, number, "an ASSERT of the application's goes past WHEN OTHERS: WHEN OTHERS OR assert_failure THEN")
		# The condition follows the alias, on its line or on the next one.
		if (walked && line ~ /^(--@(task|comment)\t|\t)*WHERE / || line ~ (first_of_table " WHERE "))
			breach("walk", file, number, "may read a table from end to end by its key: min(x.id) FROM (SELECT x.id ... OFFSET 0)")
		walked = line ~ (first_of_table "$")
		check_mark(file, number, line)
	}
	walked = 0
	close(sql "/" file)
	size[file] = number
}

# Bytes that continue a character of UTF-8 take no column.
function columns_of(line,	parts, n, i, width) {
	gsub(/[\200-\277]/, "", line)
	n = split(line, parts, "\t")
	for (i = 1; i <= n; i++) {
		width += length(parts[i])
		if (i < n) width += 4 - width % 4
	}
	return width
}

function check_mark(file, number, line) {
	if (line ~ /^--@(view|column|only) /) {
		if (kind_of[file] != "view") breach("mark", file, number, "only a view's template tells of views")
	} else if (line ~ /^--@/) {
		if (line !~ /^--@(task|comment|more)([ \t]|$)/) breach("mark", file, number, "there is no such mark")
		else if (line !~ /^--@more/ && for_record[file] != "both") breach("mark", file, number, "a file of one record type needs no marks")
	}
	if (kind_of[file] !~ /^(object|view)$/ && line ~ /@(record|resource)s?@/)
		breach("mark", file, number, "a " kind_of[file] " is no template")
}

# ---------------------------------------------------------------------------
# Functions, as they are for a record type

function read_rendered(record, file,	path, line, number) {
	path = rendered "/" record "/" file
	reading_for = record
	in_comment = in_string = in_body = in_return = for_people = atomic_depth = 0
	function_name = creating = commenting = verb = token = qualifier = ""
	while ((getline line <path) > 0) read_line(file, ++number, line)
	close(path)
	if (number != size[file]) breach("mark", file, 0, "has " number " lines for " record ", and not " size[file])
}

function read_line(file, number, line,	at) {
	if (function_name != "" && line !~ /^[ \t]*$/) lines_of[function_name]++
	while (line != "") {
		if (in_comment) {
			at = index(line, "*/")
			if (!at) return
			in_comment = 0
			line = substr(line, at + 2)
		} else if (in_string) {
			at = index(line, "'")
			read_string(file, number, at ? substr(line, 1, at - 1) : line, at ? substr(line, at + 1) : "")
			if (!at) return
			in_string = 0
			line = substr(line, at + 1)
		} else if (match(line, /\/\*|--|'/)) {
			at = RSTART
			read_code(file, number, substr(line, 1, at - 1))
			if (substr(line, at, 2) == "--") return
			if (substr(line, at, 1) == "'") { in_string = 1; is_escaped = token == "e"; token = "'"; line = substr(line, at + 1) }
			else { in_comment = 1; line = substr(line, at + 2) }
		} else {
			read_code(file, number, line)
			return
		}
	}
	if (header_open) header = header "\n"
}

# What is called may be said by its name only, where it is cast: 'wake'::regproc.
function read_string(file, number, text, after,	rest) {
	if (text ~ /\\/ && !is_escaped) breach("string", file, number, "a backslash in a string that is not E'...'")
	if (commenting != "") {
		comment_of[commenting] = comment_of[commenting] text
		return
	}
	if (for_people) return
	text = tolower(text)
	gsub(/"/, "", text)
	gsub(/[ \t]*\.[ \t]*/, ".", text)
	if (text ~ /search_path/) breach("path", file, number, "search_path is changed where the function runs, not where it is made")
	for (rest = text; match(rest, /github_sync\.[a-z0-9_]+/); rest = substr(rest, RSTART + RLENGTH))
		refer(file, number, substr(rest, RSTART + 12, RLENGTH - 12), substr(rest, RSTART + RLENGTH, 1) == "(")
	gsub(/\/\*[^*]*\*\//, " ", text)
	for (rest = text; match(rest, /[a-z0-9_.%]+[ \t]*\(/); rest = substr(rest, RSTART + RLENGTH))
		call_bare(file, number, substr(rest, RSTART, RLENGTH - 1))
	if (after ~ /^[ \t]*::[ \t]*[Rr][Ee][Gg][Pp][Rr][Oo][Cc]/) call_bare(file, number, text)
}

# Token by token, in lower case unless it is quoted: what a word means depends on
# those before it. The last three, over the ends of lines: token is the last one,
# qualifier the schema or table that it belongs to, verb the begun CREATE or COMMENT.
function read_code(file, number, code,	next_token) {
	while (match(code, /\$[A-Za-z0-9_]*\$|"[^"]*"|[A-Za-z0-9_]+|[^ \t]/)) {
		next_token = tolower(substr(code, RSTART, RLENGTH))
		if (header_open) header = header substr(code, 1, RSTART + RLENGTH - 1)
		code = substr(code, RSTART + RLENGTH)
		if (next_token ~ /^["a-z_]/) read_word(file, number, next_token)
		else if (next_token ~ /^\$.*\$$/) open_or_close_body(next_token)
		else if (next_token == ";") end_of_statement()
		else if (next_token == "(") read_parenthesis(file, number)
		else if (next_token == "=" && token ~ /^(message|detail|hint)$/) for_people = 1
		if (next_token != ".") { if (next_token !~ /^["a-z_]/) verb = qualifier = "" }
		else qualifier = token
		token = next_token
	}
	if (header_open) header = header code " "
}

function read_word(file, number, word,	is_qualified) {
	is_qualified = token == "."
	if (is_qualified) {
		if (qualifier ~ /^"?github_sync"?$/) read_name(file, number, unquoted(word))
		else creating = ""
	} else if (word ~ /^(create|comment)$/) verb = word
	else if (verb != "") read_statement_head(file, number, word)
	else if (creating != "") read_made_name(file, number, word)
	else if (word == "definer" && token == "security" && function_name == "")
		breach("definer", file, number, "SECURITY DEFINER is said of a function that was made before")
	else if (word ~ /^"?search_path"?$/ && (in_body || function_name == "") && !for_people)
		breach("path", file, number, "search_path is changed elsewhere than where the function is made")
	else if (function_name != "" && !in_body && word == "return") in_return = 1
	else if (function_name != "" && !in_body) read_atomic(file, number, word)
	bare = is_qualified ? "" : unquoted(word)
}

function unquoted(word) {
	gsub(/"/, "", word)
	return word
}

# CREATE OR REPLACE FUNCTION, COMMENT ON TABLE, up to what it is about.
function read_statement_head(file, number, word) {
	if (word ~ /^(or|replace|on|unlogged|temp|temporary|recursive|materialized)$/) return
	if (verb == "create" && word ~ /^(function|procedure|table|type|view)$/) creating = word
	if (verb == "comment" && token == "on" && word ~ /^(function|procedure|table|type|view|column)$/) {
		for_people = 1
		commenting = "COMMENT " word
	}
	verb = ""
}

# The name, or the schema before it.
function read_made_name(file, number, word) {
	if (word ~ /^(if|not|exists)$/ || word ~ /^"?github_sync"?$/) return
	if (!in_body) breach("path", file, number, "CREATE " toupper(creating) " " word " does not say its schema")
	creating = ""
}

# The statements of BEGIN ATOMIC end with semicolons, too.
function read_atomic(file, number, word) {
	if (word == "atomic" && token == "begin") {
		atomic_depth = 1
		header_open = 0
		breach("atomic", file, number, "a function's body is a string or RETURN: BEGIN ATOMIC ties it to what it calls")
	}
	else if (atomic_depth > 0 && word == "case") atomic_depth++
	else if (atomic_depth > 0 && word == "end" && --atomic_depth == 0) header_open = 1
}

function open_or_close_body(tag) {
	if (in_body && tag != body_tag) return
	in_body = !in_body
	body_tag = tag
	header_open = !in_body && function_name != ""
}

# What was called, if the last word was a name.
function read_parenthesis(file, number) {
	if (token !~ /^["a-z_]/) return
	if (bare != "") { if (commenting == "" && creating == "") call_bare(file, number, bare) }
	else if (reference_is_last) ref_call[references] = 1
}

function call_bare(file, number, name) {
	sub(/[ \t]+$/, "", name)
	if (name !~ /^[a-z_][a-z0-9_]*$/) return
	bare_file[++bare_calls] = file
	bare_line[bare_calls] = number
	bare_name[bare_calls] = name
}

function end_of_statement() {
	for_people = 0
	commenting = creating = ""
	if (in_body || atomic_depth > 0) return
	if (function_name != "") finish_function()
}

function read_name(file, number, name) {
	reference_is_last = 0
	if (creating != "") define(file, number, name)
	else if (commenting ~ /^COMMENT/) commenting = (commenting ~ /column$/ ? "column " : "") name
	else if (commenting == "") { refer(file, number, name, 0); reference_is_last = 1 }
}

function define(file, number, name,	what) {
	what = creating
	creating = ""
	if (in_body) return
	if (name in defined_in)
		breach("twice", file, number, name " is defined in " defined_in[name] ":" line_of[name] ", too")
	check_name(file, number, name)
	defined_in[name] = file
	line_of[name] = number
	kind_of_object[name] = what ~ /function|procedure/ ? "function" : what ~ /type/ ? "type" : "table"
	names[++objects] = name
	if (kind_of_object[name] != "function") return
	function_name = name
	lines_of[name] = 1
	header = ""
	header_open = 1
}

function check_name(file, number, name) {
	if (kind_of[file] != "object") return
	if (reading_for == "comment" && name !~ /comment/)
		breach("name", file, number, name " is made for comments, but not named so")
	if (reading_for == "task" && name ~ /comment/)
		breach("name", file, number, name " is not made for comments, but named so")
	if (reading_for == "task" && for_record[file] == "both" && name !~ /task|issue/)
		breach("name", file, number, name " does not say whose it is: what exists once belongs to shared/")
}

# Of the file's own functions, or of a trigger: who calls, and what.
function refer(file, number, name, is_call) {
	references++
	ref_file[references] = file
	ref_line[references] = number
	ref_from[references] = function_name
	ref_name[references] = name
	ref_call[references] = is_call
	ref_tied[references] = in_return && !in_string && kind_of[file] == "object"
}

function finish_function(	name) {
	name = function_name
	function_name = ""
	header_open = in_return = 0
	if (lines_of[name] > max_lines)
		breach("length", defined_in[name], line_of[name], name " has " lines_of[name] " lines")
	inputs_of[name] = plain_inputs(header)
	if (inputs_of[name] > max_inputs && !(name in may_be_wide))
		breach("inputs", defined_in[name], line_of[name], name " has " inputs_of[name] " plain inputs")
	check_search_path(name, tolower(header))
}

function check_search_path(name, text,	is_safe) {
	gsub(/[ \t\n]+/, " ", text)
	is_safe = text ~ /set search_path = pg_catalog, pg_temp([ ;]|$)/
	if (text ~ / security definer/ && !is_safe)
		breach("definer", defined_in[name], line_of[name],
			name " is SECURITY DEFINER and does not set search_path: SET search_path = pg_catalog, pg_temp")
	else if (text ~ / set "?search_path/ && !is_safe)
		breach("path", defined_in[name], line_of[name], name " sets search_path to something else than pg_catalog, pg_temp")
}

# How many of the arguments, from the first parenthesis to the one that closes it,
# go in and are not of a type of ours.
function plain_inputs(text,	depth, i, character, argument, count) {
	for (i = index(text, "("); i <= length(text); i++) {
		character = substr(text, i, 1)
		if (character == "(" && depth++ == 0) continue
		if (character == ")" && --depth == 0) break
		if (character == "," && depth == 1) { count += is_plain_input(argument); argument = ""; continue }
		argument = argument character
	}
	return count + is_plain_input(argument)
}

function is_plain_input(argument,	words, n, first) {
	n = split(argument, words, /[ \t\n]+/)
	first = 1
	while (first <= n && words[first] == "") first++
	if (first > n || toupper(words[first]) == "OUT") return 0
	if (toupper(words[first]) ~ /^(IN|INOUT|VARIADIC)$/) first++
	return words[first < n ? first + 1 : first] !~ /^github_sync\./
}

# ---------------------------------------------------------------------------
# What is known only when all files are read

function check_objects(	i, name) {
	for (i = 1; i <= objects; i++) {
		name = names[i]
		if (!(name in comment_of))
			breach("comment", defined_in[name], line_of[name], name " has no comment")
		else if (kind_of_object[name] != "table" && comment_of[name] !~ /^(public|private): /)
			breach("comment", defined_in[name], line_of[name], "the comment of " name " begins neither with public nor private")
	}
}

function check_references(	i, name, from, to) {
	for (i = 1; i <= references; i++) {
		name = ref_name[i]
		from = ref_file[i]
		if (ref_from[i] != name) is_named[name] = 1
		if (!(name in defined_in)) {
			if (ref_call[i]) breach("unknown", from, ref_line[i], "no file defines " name)
			continue
		}
		to = defined_in[name]
		if (ref_tied[i] && kind_of_object[name] == "function" && kind_of[to] == "object")
			breach("tied", from, ref_line[i], "RETURN ties " ref_from[i] " to " name ", which detach drops first: give it a string")
		if (kind_of_object[name] != "function" || to == from) continue
		if (!((from, to) in arrow)) {
			arrow[from, to] = 1
			arrows++
			calls[from] = calls[from] (calls[from] == "" ? "" : " ") to
		}
		if (place[to] > place[from]) upward[++upward_count] = i
	}
}

# Whose they are, their names do not tell: by search_path any schema's.
function check_bare_calls(	i) {
	for (i = 1; i <= bare_calls; i++)
		if (kind_of_object[bare_name[i]] == "function")
			breach("path", bare_file[i], bare_line[i], bare_name[i] " is called without its schema: github_sync." bare_name[i])
}

function report_upward(	i, r, from, to, back, caller) {
	for (i = 1; i <= upward_count; i++) {
		r = upward[i]
		from = ref_file[r]
		to = defined_in[ref_name[r]]
		caller = ref_from[r] == "" ? "a statement" : ref_from[r]
		back = way_back(to, from)
		breach("arrow", from, ref_line[r], caller " calls " ref_name[r] " of " to ", a later file" \
			(back == "" ? "" : "; a circle: " from " -> " back))
	}
}

# The files by which FROM reaches TO, or nothing: the shortest way first.
function way_back(from, to,	queue, head, tail, file, next_files, n, i, seen, by, way) {
	queue[tail = 1] = from
	seen[from] = 1
	for (head = 1; head <= tail; head++) {
		file = queue[head]
		if (file == to) {
			for (way = file; file != from; way = file " -> " way) file = by[file]
			return way
		}
		n = split(calls[file], next_files, " ")
		for (i = 1; i <= n; i++)
			if (!(next_files[i] in seen)) { seen[next_files[i]] = 1; by[next_files[i]] = file; queue[++tail] = next_files[i] }
	}
	return ""
}

# What the library calls: github_sync.%s_claim( is that of either record type.
function check_c(	path, line, number, rest, name) {
	while ((getline path <(rendered "/c_files")) > 0) {
		number = 0
		while ((getline line <path) > 0) {
			number++
			for (rest = line; match(rest, /github_sync\.[a-z0-9_%]+\(/); rest = substr(rest, RSTART + RLENGTH)) {
				name = substr(rest, RSTART + 12, RLENGTH - 13)
				if (name !~ /^%s/) require_for_c(path, number, name)
				else {
					require_for_c(path, number, "task" substr(name, 3))
					require_for_c(path, number, "comment" substr(name, 3))
				}
			}
		}
		close(path)
	}
}

function require_for_c(path, number, name) {
	is_named[name] = 1
	if (name ~ /%/ || name in defined_in) return
	breaches++
	print path ":" number ": unknown: no file of " sql "/ defines " name >"/dev/stderr"
}

# ---------------------------------------------------------------------------
# Figures

function print_figures(	i, name, file, key, counted, functions, total, longest, most, best, wide, lines, inputs, words) {
	for (i = 1; i <= objects; i++) {
		name = names[i]
		file = defined_in[name]
		if (kind_of_object[name] != "function") continue
		key = file SUBSEP line_of[name]
		if (!(key in counted)) { counted[key] = 1; functions[file]++; total++ }
		if (inputs_of[name] > inputs && !(name in may_be_wide)) inputs = inputs_of[name]
		if (lines_of[name] > most[file]) { most[file] = lines_of[name]; longest[file] = name }
	}
	printf "%-28s %5s %9s %8s  %-42s %s\n", "file", "lines", "functions", "columns", "longest function", "calls functions of"
	for (i = 1; i <= files; i++) {
		file = order[i]
		printf "%-28s %5d %9d %8d  %-42s %s\n", file, size[file], functions[file], widest[file],
			(most[file] ? most[file] " " longest[file] : "-"), (calls[file] == "" ? "-" : calls[file])
		lines += size[file]
		if (widest[file] > wide) wide = widest[file]
		if (most[file] > most[best]) best = file
	}
	printf "\n%d files, %d lines, %d functions; %d arrows, %d of them upward\n", files, lines, total, arrows, upward_arrows()
	printf "longest function %d lines (%s); most plain inputs %d, but for public signatures; longest line %d columns\n",
		most[best], longest[best], inputs, wide
	print_unnamed()
	printf "%d breaches, and %d that scripts/sql_rules.txt tolerates\n", breaches, tolerated_breaches
	for (key in tolerated) {
		if (tolerated[key]) continue
		split(key, words, SUBSEP)
		print "tolerated, but not breached: " words[1] " " words[2]
	}
}

# Whether it is dead, or its name is put together where it is called, a reader finds out.
function print_unnamed(	i, name, unnamed) {
	for (i = 1; i <= objects; i++) {
		name = names[i]
		if (kind_of_object[name] == "function" && !(name in is_named) && comment_of[name] !~ /^public/) unnamed = unnamed " " name
	}
	print "private functions that nothing calls by name:" (unnamed == "" ? " none" : unnamed)
}

function upward_arrows(	i, r, pair, count, counted) {
	for (i = 1; i <= upward_count; i++) {
		r = upward[i]
		pair = ref_file[r] SUBSEP defined_in[ref_name[r]]
		if (!(pair in counted)) { counted[pair] = 1; count++ }
	}
	return count + 0
}
