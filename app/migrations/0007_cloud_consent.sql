-- Up Migration

ALTER TABLE users ADD COLUMN cloud_allowed boolean NOT NULL DEFAULT false;
