/*
 * Texts and pictures of report(): HTML and SVG.  Whatever comes from outside goes
 * through html() before it is put between tags or into an attribute.
 */

CREATE FUNCTION github_sync.html(words text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN replace(replace(replace(replace(replace(coalesce(words, ''),
	'&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;');
COMMENT ON FUNCTION github_sync.html(text) IS
'private: words as HTML shows them, between tags and in quoted attributes; NULL: none';

/* Only what a browser opens as a page: no other scheme, and nothing that ends the attribute. */
CREATE FUNCTION github_sync.html_link(url text, words text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN url ~ '^https?://[^[:space:]<>"'']+$'
	THEN format('<a href="%s" rel="noreferrer"><bdi>%s</bdi></a>', github_sync.html(url), github_sync.html(words))
	ELSE format('<bdi>%s</bdi>', github_sync.html(words)) END;
COMMENT ON FUNCTION github_sync.html_link(text, text) IS
'private: a link to a page of the web, or, of any other address, its words alone; in <bdi>, as words of strangers may '
'change the direction of what is written';

CREATE FUNCTION github_sync.html_age(age interval) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE
		WHEN age IS NULL THEN ''
		WHEN s.seconds < 1 THEN format('%s ms', greatest(round(s.seconds * 1000), 0))
		WHEN s.seconds < 120 THEN format('%s s', round(s.seconds))
		WHEN s.seconds < 7200 THEN format('%s min', floor(s.seconds / 60))
		WHEN s.seconds < 172800 THEN format('%s h %s min', floor(s.seconds / 3600), floor(mod(s.seconds, 3600) / 60))
		ELSE format('%s days', floor(s.seconds / 86400)) END
	FROM (SELECT extract(epoch FROM age)) AS s (seconds)
$$;
COMMENT ON FUNCTION github_sync.html_age(interval) IS
'private: a length of time for people: 12 min, 3 h 5 min, 4 days; NULL: none';

CREATE FUNCTION github_sync.html_number(number numeric) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN btrim(to_char(round(number), 'FM999G999G999G999G990'));
COMMENT ON FUNCTION github_sync.html_number(numeric) IS
'private: a whole number for people, its thousands apart';

CREATE FUNCTION github_sync.html_section(title text, tells text, body text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format(E'<section><h2>%s</h2>%s%s</section>\n', github_sync.html(title),
	CASE WHEN tells <> '' THEN format('<p class="tells">%s</p>', github_sync.html(tells)) ELSE '' END, body);
COMMENT ON FUNCTION github_sync.html_section(text, text, text) IS
'private: a part of the report; body is HTML already';

CREATE FUNCTION github_sync.html_table(columns text[], rows text, instead text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN rows IS NULL THEN format('<p class="nothing">%s</p>', github_sync.html(instead))
		ELSE format(E'<div class="wide"><table%s><thead><tr>%s</tr></thead><tbody>\n%s</tbody></table></div>',
			CASE WHEN columns[cardinality(columns)] NOT LIKE '#%' THEN ' class="stories"' ELSE '' END,
			(SELECT string_agg(format('<th%s>%s</th>', CASE WHEN c.title LIKE '#%' THEN ' class="n"' ELSE '' END,
				github_sync.html(ltrim(c.title, '#'))), '' ORDER BY c.place)
			FROM unnest(columns) WITH ORDINALITY AS c (title, place)), rows) END
$$;
COMMENT ON FUNCTION github_sync.html_table(text[], text, text) IS
'private: a table of rows that are HTML already; #: a column of numbers; without rows, what is said instead. A last '
'column of words has lines of its own where there is little room';

CREATE FUNCTION github_sync.html_row(cells text[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format(E'<tr>%s</tr>\n', string_agg(format('<td%s>%s</td>',
		CASE WHEN c.cell LIKE '#%' THEN ' class="n"' ELSE '' END,
		CASE WHEN c.cell LIKE '#%' THEN substr(c.cell, 2) ELSE coalesce(c.cell, '') END), '' ORDER BY c.place))
	FROM unnest(cells) WITH ORDINALITY AS c (cell, place)
$$;
COMMENT ON FUNCTION github_sync.html_row(text[]) IS
'private: a row of a table, of cells that are HTML already; #: a number';

CREATE FUNCTION github_sync.html_legend(words text[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format('<p class="legend">%s</p>', string_agg(format('<span><i class="%s"></i>%s</span>',
		split_part(w.words, ' ', 1), github_sync.html(substr(w.words, strpos(w.words, ' ') + 1))), ' '
		ORDER BY w.place))
	FROM unnest(words) WITH ORDINALITY AS w (words, place)
$$;
COMMENT ON FUNCTION github_sync.html_legend(text[]) IS
'private: what the colours of a picture mean: the class of each, and its words';

/* Stretched to the width there is: words are no part of it, or they would be stretched as well. */
CREATE FUNCTION github_sync.svg_bars(bars jsonb, classes text[], label text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH parts AS (
		SELECT b.place - 1 AS x, b.bar ->> 'title' AS title, c.place AS series, c.value::numeric AS height,
			sum(c.value::numeric) OVER (PARTITION BY b.place ORDER BY c.place) AS up_to
		FROM jsonb_array_elements(bars) WITH ORDINALITY AS b (bar, place)
		CROSS JOIN jsonb_array_elements_text(b.bar -> 'counts') WITH ORDINALITY AS c (value, place)),
	/* What is there is seen, however little it is beside the rest. */
	scaled AS (
		SELECT p.x, p.title, p.series, p.height, greatest(p.height * 100 / m.most, 2) AS tall,
			100 - p.up_to * 100 / m.most AS top
		FROM parts AS p CROSS JOIN (SELECT greatest(max(up_to), 1) AS most FROM parts) AS m)
	SELECT format('<svg class="bars" viewBox="0 0 %s 100" preserveAspectRatio="none" role="img" '
			'aria-label="%s">%s</svg>',
		jsonb_array_length(bars), github_sync.html(label), string_agg(format(
			'<rect class="%s" x="%s" y="%s" width="0.85" height="%s"><title>%s</title></rect>', classes[s.series], s.x,
			round(least(s.top, 100 - s.tall), 1), round(s.tall, 1), github_sync.html(s.title)), ''
			ORDER BY s.x, s.series) FILTER (WHERE s.height > 0))
	FROM scaled AS s
$$;
COMMENT ON FUNCTION github_sync.svg_bars(jsonb, text[], text) IS
'private: bars, each of counts that stand on one another: [{"title": ..., "counts": [...]}, ...]; classes: of the '
'counts, which colour them; label: what the picture shows, for who cannot see it';

CREATE FUNCTION github_sync.svg_share(part numeric, whole numeric, class text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('<svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="%s of %s">'
	'<rect class="whole" width="100" height="10"/><rect class="%s" width="%s" height="10"/></svg>',
	round(part), round(whole), class, round(least(100, 100 * part / greatest(whole, 1)), 1));
COMMENT ON FUNCTION github_sync.svg_share(numeric, numeric, text) IS
'private: a bar that is filled as far as a part of a whole';

CREATE FUNCTION github_sync.html_style() RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT $css$
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --ink: #1c2128; --dim: #59636e; --line: #d8dee4;
	--critical: #b42318; --warn: #8a5a00; --info: #0b5cad; --ok: #19703a;
	--in: #1f6feb; --out: #7d4fd3; --late: #c98a00; --bad: #cf222e; --other: #8c959f; --good: #2da04e; }
@media (prefers-color-scheme: dark) { :root { --page: #0d1117; --card: #161b22; --ink: #e6edf3; --dim: #9aa4af;
	--line: #30363d; --critical: #ff8a80; --warn: #f0b849; --info: #79b8ff; --ok: #5fd387;
	--in: #58a6ff; --out: #b392f0; --late: #e3b341; --bad: #ff7b72; --other: #6e7681; --good: #56d364; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; background: var(--page); color: var(--ink);
	font: 15px/1.45 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main, header { max-width: 1180px; margin: 0 auto; }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 34rem), 1fr)); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .9rem 1rem;
	min-width: 0; }
section.first { grid-column: 1 / -1; }
h1 { font-size: 1.25rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1rem; margin: 0 0 .5rem; }
header p { color: var(--dim); margin: .1rem 0 1rem; }
.tells, .nothing, .axis, .legend { color: var(--dim); margin: .2rem 0; }
.tells, .axis, .legend { font-size: .87rem; } .axis { display: flex; justify-content: space-between; }
.verdict { display: block; font-weight: 600; font-size: 1.1rem; margin: 0 0 .6rem; }
.finding { border-left: 4px solid var(--line); padding: .35rem .75rem; margin: .5rem 0; overflow-wrap: anywhere; }
.finding p { margin: .15rem 0; } .finding b { margin-right: .5rem; } .finding .since { color: var(--dim); }
.critical { border-color: var(--critical); } .warn { border-color: var(--warn); } .info { border-color: var(--info); }
.critical > p > b, .verdict.critical { color: var(--critical); } .warn > p > b, .verdict.warn { color: var(--warn); }
.info > p > b { color: var(--info); } .verdict.ok { color: var(--ok); }
code { font: .87em ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.tiles { display: flex; flex-wrap: wrap; gap: .5rem 1.2rem; margin: .2rem 0 .6rem; }
.tiles b { display: block; color: var(--ink); font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--dim); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--dim); font-weight: 500; } td { overflow-wrap: break-word; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; overflow-wrap: normal; }
a { color: var(--info); } summary { cursor: pointer; color: var(--dim); }
svg.bars { display: block; width: 100%; height: 7rem; border-bottom: 1px solid var(--line); }
svg.share { display: block; width: 100%; min-width: 5rem; height: .7rem; border-radius: 3px; margin: .3rem 0; }
.legend span { margin-right: .9rem; white-space: nowrap; }
.legend i { display: inline-block; width: .75em; height: .75em; border-radius: 2px; margin-right: .35em; }
.in { fill: var(--in); background: var(--in); } .out { fill: var(--out); background: var(--out); }
.late { fill: var(--late); background: var(--late); } .bad { fill: var(--bad); background: var(--bad); }
.other { fill: var(--other); background: var(--other); } .good { fill: var(--good); background: var(--good); }
.whole { fill: var(--line); } .more { color: var(--dim); display: block; }
@media (max-width: 34rem) { table.stories thead { display: none; }
	table.stories tr { display: flex; flex-wrap: wrap; column-gap: .8rem; }
	table.stories td, table.stories th { border: 0; padding-right: 0; }
	table.stories tr { border-bottom: 1px solid var(--line); }
	table.stories :is(td, th):last-child { flex-basis: 100%; } }
@media print { body { background: none; } section { break-inside: avoid; } }
$css$
$$;
COMMENT ON FUNCTION github_sync.html_style() IS
'private: how the report looks, light and dark, from 400 pixels on';
