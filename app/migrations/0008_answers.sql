-- Up Migration

-- An answer that is read again says as much as the first reader was told.
ALTER TABLE messages ADD COLUMN usage_estimated boolean NOT NULL DEFAULT false;
