# check_rooms.awk
#	The rules of check_rooms.sh, which calls it with scripts/rooms.txt and a file
#	of facts, with tabs between:
#
#	file NAME						whatever is below src/, in order of name
#	function, include, word ...		as scripts/c_source.awk tells them
#	defines, refers OBJECT NAME		a name in an object's table for other files

BEGIN { max_lines = 60 }

# ---------------------------------------------------------------------------
# The table

NR == FNR {
	if ($0 ~ /^#/ || NF == 0) next
	if ($1 == "library") add_library()
	else if ($1 == "names") add_names()
	else if ($1 == "family") family[$2] = alternatives(family[$2], 3)
	else if ($1 == "compiler") compilers_own = alternatives(compilers_own, 2)
	else if ($2 == "includes") { is_room[$1] = 1; for (i = 3; i <= NF; i++) may_include[$1, $i] = 1 }
	else if ($2 == "private") for (i = 3; i <= NF; i++) is_private[room_directory($1) "/" $i] = FNR
	else if ($2 == "never-calls") never_calls[$1] = alternatives(never_calls[$1], 3)
	else if ($2 == "may-call") may_call[$1] = alternatives(may_call[$1], 3)
	else { breach("scripts/rooms.txt:" FNR, "there is no rule \"" $1 " " $2 "\""); no_table = 1; exit }
	next
}

function add_library(	i) {
	for (i = 3; i <= NF; i++) {
		library[++libraries] = $2
		library_headers[libraries] = whole(pattern($i))
	}
}

function add_names(	i) {
	for (i = 3; i <= NF; i++) {
		named_module[++named] = whole(pattern($2))
		named_names[named] = whole(pattern($i))
	}
}

# What remains of the line, as one more branch of a regular expression.
function alternatives(expression, first,	i) {
	for (i = first; i <= NF; i++)
		expression = expression (expression == "" ? "" : "|") ($i ~ /^@/ ? family_of(substr($i, 2)) : pattern($i))
	return expression
}

function family_of(name) {
	if (!(name in family)) breach("scripts/rooms.txt:" FNR, "no family before this line is called " name)
	return family[name]
}

# A shell pattern as a regular expression.
function pattern(shell) {
	gsub(/[.+$(){}|]/, "[&]", shell)
	gsub(/\*/, ".*", shell)
	gsub(/\?/, ".", shell)
	return shell
}

function whole(expression) { return "^(" expression ")$" }

function room_directory(room) { return room == "extension" ? "src" : "src/" room }

# ---------------------------------------------------------------------------
# Facts

FNR == 1 {
	FS = "\t"
	$0 = $0	# which was split before
}

$1 == "file" { add_file($2) }
$1 == "include" { check_include($2, $3, $4) }
$1 == "word" { if (!($2 in is_private)) is_public[room_of($2), $4] = 1 }
$1 == "function" { add_function($2, $3, $4, $5) }
$1 == "unbalanced" { breach($2 ":" $3, "the braces do not balance: branches of an #if open and close the same ones") }
$1 == "defines" { defined_in[$3] = $2; check_name($2, $3) }
$1 == "refers" { reference_from[++references] = $2; reference_to[references] = $3 }

function breach(place, text) {
	print place ": " text >"/dev/stderr"
	breaches++
}

# The room of a file: the folder below src/; directly in src/: "extension".
function room_of(file,	part) { return split(file, part, "/") > 2 ? part[2] : "extension" }

# The module of a file: its path below src/, without its ending.
function module_of(file) {
	sub(/^src\//, "", file)
	sub(/\.[^.\/]*$/, "", file)
	return file
}

# Whatever is in no room's folder is neither compiled nor judged. Folders come first.
function add_file(file,	room) {
	is_file[file] = 1
	room = room_of(file)
	if (file ~ /^src\/.*\/.*\//)
		breach(file, "nothing in a folder within src/" room " is compiled: a room has no folders of its own")
	else if (file ~ /^src\/[^\/]*\// && !(room in is_room))
		breach(file, "nothing in src/" room " is compiled: scripts/rooms.txt has no room \"" room "\" (add a line \"" room " includes ...\")")
}

function check_include(file, line, name,	room, found, owner) {
	room = room_of(file)
	if (name !~ /^[<"].*[>"]$/) {
		breach(file ":" line, "#include of a macro hides what is included")
		return
	}
	name = substr(name, 2, length(name) - 2)
	if (("/" name "/") ~ /\/\.\.\//) {
		breach(file ":" line, "#include \"" name "\" climbs out of its room")
		return
	}
	found = find_file(file, name)
	owner = found != "" ? room_of(found) : library_of(name)
	if (!((room, owner) in may_include)) breach(file ":" line, room " may not include " owner " (" name ")")
	if (found == "") return
	if (owner != room && found in is_private)
		breach(file ":" line, room " may not include " name ", which is private to " owner)
	if (found !~ /\.h$/) breach(file ":" line, "#include of " name ", which is no header (.h): nobody looks into it")
	add_arrow(module_of(file), module_of(found), file ":" line)
}

function find_file(file, name,	beside) {
	beside = file
	sub(/[^\/]*$/, name, beside)
	if (beside in is_file) return beside
	return ("src/" name) in is_file ? "src/" name : ""
}

# The first match decides.
function library_of(name,	i) {
	for (i = 1; i <= libraries; i++)
		if (name ~ library_headers[i]) return library[i]
	return "an unknown library"
}

function add_arrow(from, to, place) {
	if (from == to || (from, to) in arrow_place) return
	arrow_place[from, to] = place
	next_of[from] = next_of[from] " " to
	if (!(from in has_arrows)) { has_arrows[from] = 1; arrow_from[++starts] = from }
}

function add_function(file, line, name, lines) {
	if (lines > max_lines) breach(file ":" line, "the function " name " has " lines " lines, and " max_lines " is the most")
	if ((file, name) in function_place) return
	function_place[file, name] = 1
	function_places[name] = function_places[name] (function_files[name]++ ? ", " : "") file ":" line
	if (function_files[name] == 2) twice[++twice_count] = name
}

# Those that begin with two underscores are the compiler's.
function check_name(object, symbol,	name, module, stem, i) {
	name = plain_name(symbol)
	if (name ~ /^__/) return
	module = module_of(object)
	stem = module
	sub(/.*\//, "", stem)
	if (name == stem || index(name, stem "_") == 1) return
	for (i = 1; i <= named; i++)
		if (module ~ named_module[i] && name ~ named_names[i]) return
	breach(object, "the name " name " does not tell its module: it has to begin with " stem "_ (or rooms.txt says with what)")
}

# Without what compilers and headers make of a name: __read_chk, __isoc99_sscanf,
# __open64_2, __clock_gettime64, fstat64.
function plain_name(name) {
	sub(/@.*/, "", name)
	if (name ~ /^__.*_chk$/) name = substr(name, 3, length(name) - 6)
	else if (name ~ /^__isoc[0-9][0-9]_/) name = substr(name, 10)
	else if (name ~ /^__.*(64|_time64|_2)$/) { sub(/^__/, "", name); sub(/(_time64|_2)$/, "", name) }
	if (length(name) > 2) sub(/64$/, "", name)
	return name
}

# ---------------------------------------------------------------------------
# What is known only when all facts are there

END {
	if (!no_table) check_what_is_known()
	if (breaches > 0) {
		print "the rooms of src/ are breached in " breaches " places (rules: scripts/rooms.txt)" >"/dev/stderr"
		exit 1
	}
}

function check_what_is_known(	i) {
	check_private_headers()
	for (i = 1; i <= references; i++) check_reference(reference_from[i], reference_to[i])
	check_circles()
	for (i = 1; i <= twice_count; i++)
		breach(function_places[twice[i]], "the function name " twice[i] " is defined more than once")
}

function check_private_headers(	header) {
	for (header in is_private)
		if (!(header in is_file)) breach("scripts/rooms.txt:" is_private[header], header " is not there")
}

function check_reference(object, symbol,	room, definer, owner) {
	room = room_of(object)
	definer = defined_in[symbol]
	if (definer == "") {
		check_call(object, room, plain_name(symbol), symbol)
		return
	}
	owner = room_of(definer)
	if (!((room, owner) in may_include))
		breach(object, room " may not refer to " symbol " of " owner)
	else if (owner != room && !((owner, symbol) in is_public))
		breach(object, room " may not refer to " symbol " of " owner ": no header says it that is not private to " owner)
	add_arrow(module_of(object), module_of(definer), object)
}

function check_call(object, room, name, symbol) {
	if (never_calls[room] != "" && name ~ whole(never_calls[room]))
		breach(object, room " may not call " name)
	else if (may_call[room] != "" && name !~ whole(may_call[room]) && symbol !~ whole(compilers_own))
		breach(object, room " may not call " name ": it is not among what scripts/rooms.txt lets " room " call")
}

# Each circle once, by the shortest way round.
function check_circles(	s, n, i, on_way, seen, circle, places, to) {
	for (s = 1; s <= starts; s++) {
		if (arrow_from[s] in seen) continue
		n = split(way_round(arrow_from[s]), on_way, " ")
		if (n == 0) continue
		circle = on_way[1]
		places = ""
		for (i = 1; i <= n; i++) {
			seen[on_way[i]] = 1
			to = on_way[i % n + 1]
			circle = circle " -> " to
			places = places (i > 1 ? ", " : "") arrow_place[on_way[i], to]
		}
		breach(places, "circle of modules: " circle)
	}
}

# The modules that lead from start back to itself, breadth first.
function way_round(start,	queue, head, tail, came_from, nexts, i, n, module, way) {
	queue[tail = 1] = start
	for (head = 1; head <= tail; head++) {
		module = queue[head]
		n = split(next_of[module], nexts, " ")
		for (i = 1; i <= n; i++) {
			if (nexts[i] == start) {
				for (way = module; module != start; way = module " " way) module = came_from[module]
				return way
			}
			if (nexts[i] in came_from) continue
			came_from[nexts[i]] = module
			queue[++tail] = nexts[i]
		}
	}
	return ""
}
