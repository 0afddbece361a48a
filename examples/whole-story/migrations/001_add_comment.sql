-- changeover: phase expand
-- `note` becomes `comment`: both are there until the last release that reads `note` is gone.
ALTER TABLE orders ADD COLUMN comment text;
