/* sql/extension/grants.sql: mark: a member is no template */

-- of a @record@
