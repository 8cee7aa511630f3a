/* sql/extension/grants.sql: line: 121 columns */

-- widewidewidewidewidewidewidewidewidewidewidewidewidewidewidewidewidewidewidewidewidewidewidewidewidewidewidewidewideüx
