-- changeover: phase tighten
-- Reads no row: the validated check has proved it.
ALTER TABLE users ALTER COLUMN full_name SET NOT NULL;
ALTER TABLE users DROP CONSTRAINT users_full_name_present;
