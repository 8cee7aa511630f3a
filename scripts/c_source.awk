# c_source.awk
#	What scripts/check_rooms.sh wants to know of C files and headers, as lines
#	with tabs between:
#
#	function	FILE LINE NAME LINES	a function that is defined, static, inline or not; LINES
#								from its type to its last brace, without empty ones
#	include		FILE LINE NAME		with its <> or ""; or else what stands there
#	word		FILE LINE NAME		the first time that a header says a name, outside of comments
#	unbalanced	FILE LINE			the braces of the file do not close: it was not understood
#
# Knows comments, literals, continued lines and braces, and nothing of the
# preprocessor: all branches of an #if are read.

BEGIN { OFS = "\t" }

FNR == 1 {
	end_of_file()
	in_comment = depth = lines = 0
	continued = statement = ""
	is_header = FILENAME ~ /\.h$/
}

{
	last_file = FILENAME
	last_line = FNR
	if ((depth > 0 || statement ~ /[^ \t]/) && $0 ~ /[^ \t]/) lines++
	if ($0 ~ /\\$/) {
		if (continued == "") first_line = FNR
		continued = continued substr($0, 1, length($0) - 1)
		next
	}
	line_number = continued == "" ? FNR : first_line
	split_line(continued $0)
	continued = ""
	if (is_header) read_words(code)
	if (text ~ /^[ \t]*(#|%:)/) read_directive(text)
	else read_code(code)
}

END { end_of_file() }

function end_of_file() {
	if (last_file != "" && depth != 0) print "unbalanced", last_file, last_line
}

# Sets text to the line without comments, and code to the same with literals as
# "", so that nothing within them counts.
function split_line(rest,	mark, end) {
	text = code = ""
	while (rest != "") {
		if (in_comment) {
			end = index(rest, "*/")
			if (end == 0) return
			rest = substr(rest, end + 2)
			in_comment = 0
		} else if (match(rest, /"([^"\\]|\\.)*"|'([^'\\]|\\.)*'|\/\*|\/\//)) {
			mark = substr(rest, RSTART, RLENGTH)
			add(substr(rest, 1, RSTART - 1), "")
			rest = substr(rest, RSTART + RLENGTH)
			if (mark == "//") return
			if (mark == "/*") { in_comment = 1; add(" ", "") }
			else add("", mark)
		} else {
			add(rest, "")
			return
		}
	}
}

function add(plain, literal) {
	text = text plain literal
	code = code plain (literal == "" ? "" : "\"\"")
}

function read_words(line,	words, n, i) {
	n = split(line, words, /[^A-Za-z0-9_]+/)
	for (i = 1; i <= n; i++) {
		if (words[i] !~ /^[A-Za-z_]/ || (FILENAME, words[i]) in said) continue
		said[FILENAME, words[i]] = 1
		print "word", FILENAME, line_number, words[i]
	}
}

function read_directive(name) {
	if (!sub(/^[ \t]*(#|%:)[ \t]*(include_next|include|import)/, "", name) || name ~ /^[A-Za-z0-9_]/) return
	sub(/^[ \t]+/, "", name)
	sub(/[ \t]+$/, "", name)
	if (match(name, /^(<[^>]*>|"[^"]*")/)) name = substr(name, 1, RLENGTH)
	print "include", FILENAME, line_number, name
}

# Whatever stands outside of braces, up to a semicolon or a body.
function read_code(code,	mark) {
	while (match(code, /[{};]/)) {
		mark = substr(code, RSTART, 1)
		if (depth == 0) add_to_statement(substr(code, 1, RSTART - 1))
		code = substr(code, RSTART + 1)
		if (mark == "{") {
			if (depth++ == 0) read_head(statement)
		} else if (mark == "}" && --depth == 0 && function_name != "") {
			print "function", FILENAME, function_line, function_name, lines
			function_name = ""
		}
		if (depth == 0) { statement = ""; lines = 0 }
	}
	if (depth == 0) add_to_statement(code)
}

function add_to_statement(code) {
	if (statement !~ /[^ \t]/ && code ~ /[^ \t]/) lines = 1
	statement = statement " " code
}

# A function's head ends with its arguments; its name stands before them.
function read_head(head,	name) {
	function_name = ""
	if (head ~ /[=]/ || head !~ /\)[ \t]*$/) return
	while (match(head, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		name = substr(head, RSTART, RLENGTH - 1)
		sub(/[ \t]+$/, "", name)
		if (name !~ /^(pg_attribute_.*|__attribute__)$/) {
			function_name = name
			function_line = FNR
			return
		}
		head = substr(head, RSTART + RLENGTH)
	}
}
