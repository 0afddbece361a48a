-- changeover: phase expand
-- Whoever writes one of the two columns writes both, whichever release it is.
ALTER TABLE users ADD COLUMN full_name text;

CREATE FUNCTION sync_user_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.full_name IS NOT DISTINCT FROM OLD.full_name AND NEW.name IS DISTINCT FROM OLD.name THEN
    NEW.full_name := NEW.name;
  END IF;
  NEW.full_name := coalesce(NEW.full_name, NEW.name);
  NEW.name := NEW.full_name;
  RETURN NEW;
END
$$;

CREATE TRIGGER sync_user_names BEFORE INSERT OR UPDATE ON users
  FOR EACH ROW EXECUTE FUNCTION sync_user_names();
