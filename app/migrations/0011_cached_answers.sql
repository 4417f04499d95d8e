-- Up Migration

-- Answers from the response cache stand in the ledger too: what they held, at no cost. Wider than before, so no row needs a look.
ALTER TABLE usage_events DROP CONSTRAINT usage_events_outcome_check;
ALTER TABLE usage_events ADD CONSTRAINT usage_events_outcome_check CHECK (outcome IN
  ('complete', 'refused', 'failed', 'client_gone', 'cancelled', 'shut_down', 'leaked', 'cached')) NOT VALID;
