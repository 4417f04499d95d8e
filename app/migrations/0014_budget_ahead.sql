-- Up Migration
-- Promises money for calls that are about to come: as many like this one as there are ids, but of what is left no more than a tenth.
-- Near the end of a budget, and while a balance is not there yet, that is none: each call then asks for itself. Returns how many of
-- the ids are reservations now, from the first on. They are like any other: settled, or swept when their process dies.
CREATE FUNCTION budget_reserve_ahead(call jsonb, ids uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  c record;
  balance record;
  found_balances integer := 0;
  amount bigint;
  calls bigint := cardinality(ids);
BEGIN
  -- As in budget_reserve: a reservation lost with the server is as if its process had died.
  PERFORM set_config('synchronous_commit', 'off', true);
  SELECT * INTO c FROM jsonb_to_record(call) AS x(owner uuid, user_id uuid, key_id uuid, tenant text, feature text, model text,
    input_price bigint, output_price bigint, prompt_limit bigint, prompt_estimate bigint, completion_limit bigint, choices bigint, tenant_cap bigint);
  amount := c.prompt_limit * c.input_price + c.completion_limit * c.choices * c.output_price;
  FOR balance IN
    SELECT coalesce(own.cap, every.cap, CASE b.kind WHEN 'tenant' THEN c.tenant_cap END) - b.spent - b.reserved AS room
    FROM budget_balances b
    LEFT JOIN budgets own ON own.kind = b.kind AND own.subject = b.subject
    LEFT JOIN budgets every ON every.kind = b.kind AND every.subject = '*'
    WHERE b.period = budget_period()
      AND (b.kind, b.subject) IN (('feature', c.feature), ('tenant', c.tenant), ('user', c.user_id::text))
    ORDER BY b.kind, b.subject
    FOR UPDATE OF b
  LOOP
    found_balances := found_balances + 1;
    -- No cap, no room to look at.
    IF balance.room IS NOT NULL THEN
      calls := least(calls, greatest(balance.room, 0) / 10 / greatest(amount, 1));
    END IF;
  END LOOP;
  IF found_balances < 3 OR calls < 1 THEN
    RETURN 0;
  END IF;
  UPDATE budget_balances b SET reserved = b.reserved + calls * amount
    WHERE b.period = budget_period()
      AND (b.kind, b.subject) IN (('feature', c.feature), ('tenant', c.tenant), ('user', c.user_id::text));
  INSERT INTO budget_reservations (id, owner, period, user_id, key_id, tenant, feature, model, input_price, output_price,
      prompt_estimate, completion_limit, amount)
    SELECT id, c.owner, budget_period(), c.user_id, c.key_id, c.tenant, c.feature, c.model, c.input_price, c.output_price,
      c.prompt_estimate, c.completion_limit * c.choices, amount
    FROM unnest(ids[:calls]) AS id;
  RETURN calls;
END
$$;

-- Gives back reservations whose calls did not come. What is settled or given back already stays as it is.
CREATE FUNCTION budget_release(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  change record;
BEGIN
  FOR change IN
    WITH taken AS (
      DELETE FROM budget_reservations r WHERE r.id = ANY (ids) RETURNING r.period, r.user_id, r.tenant, r.feature, r.amount
    )
    SELECT a.kind, a.subject, t.period, sum(t.amount) AS freed
    FROM taken t, LATERAL (VALUES ('feature', t.feature), ('tenant', t.tenant), ('user', t.user_id::text)) AS a(kind, subject)
    GROUP BY a.kind, a.subject, t.period ORDER BY a.kind, a.subject, t.period
  LOOP
    UPDATE budget_balances b SET reserved = b.reserved - change.freed
      WHERE b.kind = change.kind AND b.subject = change.subject AND b.period = change.period;
  END LOOP;
END
$$;
