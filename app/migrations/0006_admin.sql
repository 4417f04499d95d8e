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

-- An A/B test: of those who ask for the model of this name, a share gets the other one.
CREATE TABLE model_trials (
  name text PRIMARY KEY,
  other text NOT NULL,
  percent integer NOT NULL CHECK (percent BETWEEN 1 AND 100),
  created_at timestamptz NOT NULL DEFAULT now()
);
