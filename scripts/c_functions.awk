# c_functions.awk
#	The functions that C files define, static or not: for each a line
#	FILE, LINE, NAME, with tabs between. Knows comments, literals and braces,
#	and nothing of the preprocessor: all branches of an #if are read.

FNR == 1 { in_comment = in_directive = depth = 0; statement = "" }

{
	line = $0
	if (in_directive || (!in_comment && line ~ /^[ \t]*#/)) {
		in_directive = line ~ /\\$/
		next
	}
	read_code(without_comments(line))
}

# Literals become "", so that nothing within them counts.
function without_comments(text,    code, mark, end) {
	code = ""
	while (text != "") {
		if (in_comment) {
			end = index(text, "*/")
			if (end == 0) return code
			text = substr(text, end + 2)
			in_comment = 0
		} else if (match(text, /"([^"\\]|\\.)*"|'([^'\\]|\\.)*'|\/\*|\/\//)) {
			mark = substr(text, RSTART, RLENGTH)
			code = code substr(text, 1, RSTART - 1)
			text = substr(text, RSTART + RLENGTH)
			if (mark == "//") return code
			if (mark == "/*") in_comment = 1
			else code = code "\"\""
		} else
			return code text
	}
	return code
}

# Whatever stands outside of braces, up to a semicolon or a body.
function read_code(code,    mark) {
	while (match(code, /[{};]/)) {
		mark = substr(code, RSTART, 1)
		if (depth == 0) statement = statement " " substr(code, 1, RSTART - 1)
		code = substr(code, RSTART + 1)
		if (mark == "{") {
			if (depth == 0) read_head(statement)
			depth++
		} else if (mark == "}")
			depth--
		if (depth == 0) statement = ""
	}
	if (depth == 0) statement = statement " " code
}

# A function's head ends with its arguments; its name stands before them.
function read_head(head,    name) {
	if (head ~ /[=]/ || head !~ /\)[ \t]*$/) return
	while (match(head, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		name = substr(head, RSTART, RLENGTH - 1)
		sub(/[ \t]+$/, "", name)
		if (name !~ /^(pg_attribute_.*|__attribute__)$/) {
			print FILENAME "\t" FNR "\t" name
			return
		}
		head = substr(head, RSTART + RLENGTH)
	}
}
