-- Up Migration
-- Money is whole nano-USD: a price of 0.15 USD per million tokens is 150 a token, and sums stay exact.

ALTER TABLE users ADD COLUMN tenant text NOT NULL DEFAULT 'default';

-- Caps and alerts; subject '*' holds for every subject of its kind that has no row of its own.
CREATE TABLE budgets (
  kind text NOT NULL CHECK (kind IN ('tenant', 'user', 'feature')),
  subject text NOT NULL,
  cap bigint NOT NULL CHECK (cap >= 0),
  alert bigint CHECK (alert >= 0),
  PRIMARY KEY (kind, subject)
);

-- What a subject has spent and what is promised, per period of 30 days.
CREATE TABLE budget_balances (
  kind text NOT NULL,
  subject text NOT NULL,
  period integer NOT NULL,
  spent bigint NOT NULL DEFAULT 0,
  reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  alerted boolean NOT NULL DEFAULT false,
  PRIMARY KEY (kind, subject, period)
) WITH (fillfactor = 50);

-- Processes that hold reservations; one that is not seen any more has died.
CREATE TABLE budget_owners (
  id uuid PRIMARY KEY,
  seen_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE budget_reservations (
  id uuid PRIMARY KEY,
  owner uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  period integer NOT NULL,
  user_id uuid NOT NULL,
  key_id uuid,
  tenant text NOT NULL,
  feature text NOT NULL,
  model text NOT NULL,
  input_price bigint NOT NULL,
  output_price bigint NOT NULL,
  prompt_estimate bigint NOT NULL,
  completion_limit bigint NOT NULL,
  amount bigint NOT NULL CHECK (amount >= 0)
);

-- The ledger: one row per call. `leaked`: its process died, the row holds the estimate.
CREATE TABLE usage_events (
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  period integer NOT NULL,
  user_id uuid REFERENCES users ON DELETE SET NULL,
  key_id uuid,
  tenant text NOT NULL,
  feature text NOT NULL,
  model text NOT NULL,
  prompt_tokens bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  input_price bigint NOT NULL,
  output_price bigint NOT NULL,
  cost bigint NOT NULL GENERATED ALWAYS AS (prompt_tokens * input_price + completion_tokens * output_price) STORED,
  estimated boolean NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('complete', 'refused', 'failed', 'client_gone', 'cancelled', 'shut_down', 'leaked'))
);
CREATE INDEX usage_events_at ON usage_events (at);
CREATE INDEX usage_events_user ON usage_events (user_id, at);

CREATE FUNCTION budget_period() RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT floor(extract(epoch FROM now()) / 2592000)::integer
$$;

-- Promises money before a call, in one round trip: all three balances or none. The answer's length is cut to what is left;
-- no row of budgets and no default means no cap. Returns the tokens granted, or NULL and the kind of budget that is used up.
CREATE FUNCTION budget_reserve(call jsonb) RETURNS TABLE (granted bigint, exhausted text) LANGUAGE plpgsql AS $$
DECLARE
  c record;
  balance record;
  found_balances integer;
  room bigint;
  input bigint;
  price bigint;
  amount bigint;
BEGIN
  -- A reservation lost with the server is as if its process had died: the settlement, which counts, is durable.
  PERFORM set_config('synchronous_commit', 'off', true);
  SELECT * INTO c FROM jsonb_to_record(call) AS x(id uuid, owner uuid, user_id uuid, key_id uuid, tenant text, feature text, model text,
    input_price bigint, output_price bigint, prompt_limit bigint, prompt_estimate bigint, completion_limit bigint, choices bigint, tenant_cap bigint);
  input := c.prompt_limit * c.input_price;
  price := c.output_price * c.choices;
  LOOP
    found_balances := 0;
    room := NULL;
    FOR balance IN
      SELECT b.kind, coalesce(own.cap, every.cap, CASE b.kind WHEN 'tenant' THEN c.tenant_cap END) - b.spent - b.reserved AS room
      FROM budget_balances b
      LEFT JOIN budgets own ON own.kind = b.kind AND own.subject = b.subject
      LEFT JOIN budgets every ON every.kind = b.kind AND every.subject = '*'
      WHERE b.period = budget_period()
        AND (b.kind, b.subject) IN (('feature', c.feature), ('tenant', c.tenant), ('user', c.user_id::text))
      ORDER BY b.kind, b.subject
      FOR UPDATE OF b
    LOOP
      found_balances := found_balances + 1;
      IF balance.room < coalesce(room, 9223372036854775807) THEN
        room := balance.room;
        exhausted := balance.kind;
      END IF;
    END LOOP;
    EXIT WHEN found_balances = 3;
    INSERT INTO budget_balances (kind, subject, period)
      VALUES ('feature', c.feature, budget_period()), ('tenant', c.tenant, budget_period()), ('user', c.user_id::text, budget_period())
      ON CONFLICT DO NOTHING;
  END LOOP;
  granted := c.completion_limit;
  IF room IS NOT NULL THEN
    IF input > room THEN
      granted := NULL;
    ELSIF price > 0 AND c.completion_limit > 0 THEN
      granted := least(c.completion_limit, (room - input) / price);
      IF granted < 1 THEN granted := NULL; END IF;
    END IF;
  END IF;
  IF granted IS NULL THEN
    RETURN NEXT;
    RETURN;
  END IF;
  exhausted := NULL;
  amount := input + granted * price;
  UPDATE budget_balances b SET reserved = b.reserved + amount
    WHERE b.period = budget_period()
      AND (b.kind, b.subject) IN (('feature', c.feature), ('tenant', c.tenant), ('user', c.user_id::text));
  INSERT INTO budget_reservations (id, owner, period, user_id, key_id, tenant, feature, model, input_price, output_price,
      prompt_estimate, completion_limit, amount)
    VALUES (c.id, c.owner, budget_period(), c.user_id, c.key_id, c.tenant, c.feature, c.model, c.input_price, c.output_price,
      c.prompt_estimate, granted * c.choices, amount);
  RETURN NEXT;
END
$$;

-- Turns reservations into ledger rows and gives back what was not used. What is settled already stays as it is, except
-- a leaked row, which the process turned out to have survived. Returns the balances that crossed their alert.
CREATE FUNCTION budget_settle(items jsonb, tenant_alert bigint) RETURNS TABLE (kind text, subject text, spent bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  change record;
BEGIN
  FOR change IN
    WITH item AS (
      SELECT * FROM jsonb_to_recordset(items) AS x(id uuid, model text, input_price bigint, output_price bigint,
        prompt bigint, completion bigint, estimated boolean, outcome text)
    ), taken AS (
      DELETE FROM budget_reservations r USING item i WHERE r.id = i.id
      RETURNING r.id, r.created_at, r.period, r.user_id, r.key_id, r.tenant, r.feature, r.amount,
        i.model, i.input_price, i.output_price, i.prompt, i.completion, i.estimated, i.outcome
    ), written AS (
      INSERT INTO usage_events (id, at, period, user_id, key_id, tenant, feature, model, prompt_tokens, completion_tokens,
          input_price, output_price, estimated, outcome)
        SELECT id, created_at, period, (SELECT u.id FROM users u WHERE u.id = user_id), key_id, tenant, feature, model,
          prompt, completion, input_price, output_price, estimated, outcome FROM taken
    ), leaked AS (
      SELECT e.id, e.period, e.user_id, e.tenant, e.feature, e.cost AS old_cost,
        i.model, i.input_price, i.output_price, i.prompt, i.completion, i.estimated, i.outcome
      FROM usage_events e JOIN item i ON i.id = e.id WHERE e.outcome = 'leaked' AND i.outcome <> 'leaked' FOR UPDATE OF e
    ), corrected AS (
      UPDATE usage_events e SET model = l.model, input_price = l.input_price, output_price = l.output_price,
          prompt_tokens = l.prompt, completion_tokens = l.completion, estimated = l.estimated, outcome = l.outcome
        FROM leaked l WHERE e.id = l.id
    ), moved AS (
      SELECT period, user_id, tenant, feature, amount AS freed, prompt * input_price + completion * output_price AS cost FROM taken
      UNION ALL
      SELECT period, user_id, tenant, feature, 0, prompt * input_price + completion * output_price - old_cost FROM leaked
    )
    SELECT a.kind, a.subject, m.period, sum(m.freed) AS freed, sum(m.cost) AS cost
    FROM moved m, LATERAL (VALUES ('feature', m.feature), ('tenant', m.tenant), ('user', m.user_id::text)) AS a(kind, subject)
    WHERE a.subject IS NOT NULL
    GROUP BY a.kind, a.subject, m.period ORDER BY a.kind, a.subject, m.period
  LOOP
    UPDATE budget_balances b SET reserved = b.reserved - change.freed, spent = b.spent + change.cost
      WHERE b.kind = change.kind AND b.subject = change.subject AND b.period = change.period;
    RETURN QUERY UPDATE budget_balances b SET alerted = true
      WHERE b.kind = change.kind AND b.subject = change.subject AND b.period = change.period AND NOT b.alerted
        AND b.spent >= coalesce(
          (SELECT own.alert FROM budgets own WHERE own.kind = b.kind AND own.subject = b.subject),
          (SELECT every.alert FROM budgets every WHERE every.kind = b.kind AND every.subject = '*'),
          CASE b.kind WHEN 'tenant' THEN tenant_alert END)
      RETURNING b.kind, b.subject, b.spent;
  END LOOP;
END
$$;
