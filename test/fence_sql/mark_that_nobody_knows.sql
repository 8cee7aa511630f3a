/* sql/record/claim.sql: mark: there is no such mark */

--@issue -- of issues
