/*
 * An application of Supabase: uuid keys, users in a schema of its own, PostgREST's
 * roles, row level security on every table, and rows that are marked as deleted.
 * Supabase's own service does not let anybody install an extension in C: this is for
 * those who run it themselves.
 */
DO $$
BEGIN
	/* Supabase has these. */
	IF to_regrole('authenticated') IS NULL THEN
		CREATE ROLE anon NOLOGIN;
		CREATE ROLE authenticated NOLOGIN;
		CREATE ROLE authenticator NOINHERIT LOGIN;
		GRANT anon, authenticated TO authenticator;
	END IF;
END
$$;
CREATE SCHEMA auth AUTHORIZATION :"app";
SET ROLE :"app";

CREATE TABLE auth.users (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	email text UNIQUE,
	raw_user_meta_data jsonb
);
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE
	RETURN (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;

CREATE TABLE public.projects (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	name text NOT NULL,
	github_repo_id bigint UNIQUE
);
CREATE TABLE public.members (
	project_id uuid NOT NULL REFERENCES public.projects,
	user_id uuid NOT NULL REFERENCES auth.users,
	PRIMARY KEY (project_id, user_id)
);
CREATE TABLE public.tasks (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	project_id uuid NOT NULL REFERENCES public.projects,
	user_id uuid REFERENCES auth.users DEFAULT auth.uid(),
	title text NOT NULL,
	description text,
	is_complete boolean NOT NULL DEFAULT false,
	is_draft boolean NOT NULL DEFAULT false,
	inserted_at timestamptz NOT NULL DEFAULT now(),
	deleted_at timestamptz
);
CREATE TABLE public.comments (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	task_id uuid NOT NULL REFERENCES public.tasks ON DELETE CASCADE,
	user_id uuid REFERENCES auth.users DEFAULT auth.uid(),
	content text NOT NULL,
	inserted_at timestamptz NOT NULL DEFAULT now(),
	deleted_at timestamptz
);

CREATE FUNCTION public.is_member(of_project uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = '' AS $$
	SELECT EXISTS (SELECT FROM public.members AS m WHERE m.project_id = of_project AND m.user_id = auth.uid())
$$;
ALTER TABLE public.projects ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.members ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.comments ENABLE ROW LEVEL SECURITY;
CREATE POLICY "members see their projects" ON public.projects FOR SELECT TO authenticated USING (public.is_member(id));
CREATE POLICY "members see and write tasks" ON public.tasks FOR ALL TO authenticated
	USING (public.is_member(project_id)) WITH CHECK (public.is_member(project_id));
CREATE POLICY "members see comments" ON public.comments FOR SELECT TO authenticated
	USING (EXISTS (SELECT FROM public.tasks AS t WHERE t.id = task_id));
CREATE POLICY "people write their comments" ON public.comments FOR ALL TO authenticated
	USING (user_id = auth.uid())
	WITH CHECK (user_id = auth.uid() AND EXISTS (SELECT FROM public.tasks AS t WHERE t.id = task_id));
GRANT USAGE ON SCHEMA public, auth TO authenticated;
GRANT SELECT ON public.projects TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.tasks, public.comments TO authenticated;
RESET ROLE;
