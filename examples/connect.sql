/*
 * Names an installation of the App and one of its repositories, as the owner of
 * the tables.  Where the numbers are found: README, "Connect a repository".
 *
 *     psql -d tracker -U tracker -v installation=515151 -v repository=1296269 \
 *          -v owner=acme -v name=widgets -f examples/connect.sql
 */
INSERT INTO github_sync.github_app_installations (id, account_login)
	VALUES (:installation, :'owner') ON CONFLICT (id) DO NOTHING;
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name)
	VALUES (:repository, :installation, :'owner', :'name');
