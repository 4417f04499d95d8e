-- Up Migration

-- What a key may be used for; keys made by older versions may ask the model, as they always could.
ALTER TABLE api_keys ADD COLUMN scopes text[] NOT NULL DEFAULT '{chat,embeddings}';
-- Limit of this key alone; NULL: that of the installation.
ALTER TABLE api_keys ADD COLUMN requests_per_minute integer CHECK (requests_per_minute > 0);

ALTER TABLE sessions ADD COLUMN user_agent text;
ALTER TABLE sessions ADD COLUMN last_used_at timestamptz;
