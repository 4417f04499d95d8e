-- Up Migration

-- The oldest schema whose application serves all that is in this database: it may be put back, an older one is refused by its own
-- migrations (decision 0027). A migration that takes something from the application of before raises it, in its own transaction.
CREATE TABLE schema_floor (version integer NOT NULL);
CREATE UNIQUE INDEX schema_floor_one_row ON schema_floor ((true));
INSERT INTO schema_floor VALUES (0);
-- What 0009 made sealed, an application of before it would show as empty.
UPDATE schema_floor SET version = 9;
