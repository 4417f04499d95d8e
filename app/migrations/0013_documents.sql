-- Up Migration

CREATE TABLE documents (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('text', 'pdf', 'docx')),
  bytes bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX documents_of_user ON documents (user_id, created_at DESC);

-- An embedding is an array and becomes pgvector's type where it is compared: models of any dimension stand side by side while one
-- takes another's place, and a search looks at one person's rows, all of them (decision 0023).
CREATE TABLE chunks (
  document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
  position integer NOT NULL,
  place text NOT NULL,
  content_sealed bytea NOT NULL,
  embedding real[],
  embedding_model text,
  PRIMARY KEY (document_id, position)
);

-- What an answer drew on: number, document, name and place of each source.
ALTER TABLE messages ADD COLUMN citations jsonb;

SELECT jobs.create_queue('document-embed', '{"policy": "exclusive", "retryLimit": 5, "retryDelay": 5, "retryBackoff": true,
  "retryDelayMax": 600, "expireInSeconds": 3600, "heartbeatSeconds": 15}');
