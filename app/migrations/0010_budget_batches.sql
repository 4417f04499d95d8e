-- Up Migration
-- Promises money for several calls at once, in their order. Every balance is locked before the first call, in the order all others
-- use: locked call by call, two batches could wait for each other. Returns one row per call, as budget_reserve does.
CREATE FUNCTION budget_reserve_all(calls jsonb) RETURNS TABLE (granted bigint, exhausted text) LANGUAGE plpgsql AS $$
DECLARE
  call jsonb;
BEGIN
  PERFORM 1 FROM budget_balances b
    WHERE b.period = budget_period() AND (b.kind, b.subject) IN (
      SELECT a.kind, a.subject
      FROM jsonb_to_recordset(calls) AS x(feature text, tenant text, user_id text),
        LATERAL (VALUES ('feature', x.feature), ('tenant', x.tenant), ('user', x.user_id)) AS a(kind, subject))
    ORDER BY b.kind, b.subject
    FOR UPDATE;
  FOR call IN SELECT c.value FROM jsonb_array_elements(calls) WITH ORDINALITY AS c(value, place) ORDER BY c.place
  LOOP
    RETURN QUERY SELECT r.granted, r.exhausted FROM budget_reserve(call) r;
  END LOOP;
END
$$;
