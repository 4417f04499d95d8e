-- Up Migration

-- Who changed what, written with the change itself. Never updated; the actor's e-mail stays readable when the account is gone.
CREATE TABLE audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor_id uuid,
  actor text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}'
);

-- Two models behind one name: a share of the people gets the second.
CREATE TABLE model_trials (
  name text PRIMARY KEY,
  model_a text NOT NULL,
  model_b text NOT NULL,
  percent_b integer NOT NULL CHECK (percent_b BETWEEN 0 AND 100),
  created_at timestamptz NOT NULL DEFAULT now()
);
