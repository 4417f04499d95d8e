-- Up Migration
-- Expand: the columns of before stay, and are empty wherever the sealed one is filled. They go in the release after the next.

-- What opens a person's rows, wrapped by a key of the ring. A schema of its own: backups of data leave its rows out (decision 0021).
-- No reference to users: a key that is restored may be older or newer than the people beside it.
CREATE SCHEMA fidus_keys;
CREATE TABLE fidus_keys.data_keys (
  user_id uuid PRIMARY KEY,
  -- The ring's key that wraps it.
  key_id text,
  wrapped bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- The person was erased: never a key again, and whatever a restore brings back is erased again.
  erased_at timestamptz,
  CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL) AND (wrapped IS NULL) = (key_id IS NULL))
);
CREATE INDEX data_keys_key ON fidus_keys.data_keys (key_id);

ALTER TABLE conversations ADD COLUMN title_sealed bytea;
ALTER TABLE messages ADD COLUMN content_sealed bytea;

-- What is still to be sealed; empty after the job went through.
CREATE INDEX conversations_unsealed ON conversations (id) WHERE title_sealed IS NULL AND title <> '';
CREATE INDEX messages_unsealed ON messages (id) WHERE content_sealed IS NULL AND content <> '';
