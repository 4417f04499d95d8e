-- Up Migration
-- Tokens that a key may use per minute; null: the installation's limit.
ALTER TABLE api_keys ADD COLUMN tokens_per_minute integer CHECK (tokens_per_minute >= 1);
