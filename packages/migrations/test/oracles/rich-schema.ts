/** What a dump may hold that is hard to fill, and what of it cannot be loaded everywhere. */
export const richSchema = String.raw`\restrict abc
SET statement_timeout = 0;
SET no_such_setting = 1;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE EXTENSION IF NOT EXISTS "no-such-extension" WITH SCHEMA public;
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'ok');
CREATE TYPE app.pair AS (a int, b text);
CREATE DOMAIN app.email AS text CHECK (VALUE ~ '@') NOT NULL;
CREATE DOMAIN app.price AS numeric(5,2) CHECK (VALUE > 10);
CREATE TABLE app.users (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mail app.email UNIQUE, mood app.mood NOT NULL DEFAULT 'ok',
  pair app.pair NOT NULL, age smallint CHECK (age >= 18 AND age < 130), code char(2) NOT NULL CHECK (code = upper(code)),
  price app.price, boss bigint REFERENCES app.users(id), tags text[] NOT NULL, stay tstzrange NOT NULL,
  upper_code text GENERATED ALWAYS AS (upper(code)) STORED, CONSTRAINT one_of CHECK (num_nonnulls(age, price) >= 1));
CREATE TABLE app.posts (
  key uuid PRIMARY KEY, author bigint NOT NULL REFERENCES app.users(id), starts date NOT NULL, ends date NOT NULL,
  state text NOT NULL CHECK (state IN ('draft', 'live')), url text CHECK (url LIKE 'https://%'), CHECK (ends > starts));
CREATE TABLE app.a_like (post uuid REFERENCES app.posts(key), usr bigint REFERENCES app.users(id), PRIMARY KEY (post, usr));
CREATE TABLE app.m (id int, region text NOT NULL, at date NOT NULL) PARTITION BY LIST (region);
CREATE TABLE app.m_eu PARTITION OF app.m FOR VALUES IN ('eu') PARTITION BY RANGE (at);
CREATE TABLE app.m_eu_2020 PARTITION OF app.m_eu FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE app.m_default PARTITION OF app.m DEFAULT;
CREATE TABLE app.h (id bigint NOT NULL) PARTITION BY HASH (id);
CREATE TABLE app.h0 PARTITION OF app.h FOR VALUES WITH (modulus 2, remainder 0);
CREATE TABLE app.h1 PARTITION OF app.h FOR VALUES WITH (modulus 2, remainder 1);
CREATE TABLE app.single (one boolean PRIMARY KEY DEFAULT true CHECK (one));
CREATE TABLE app.egg (id int PRIMARY KEY, hen int NOT NULL);
CREATE TABLE app.hen (id int PRIMARY KEY, egg int NOT NULL REFERENCES app.egg(id));
ALTER TABLE app.egg ADD FOREIGN KEY (hen) REFERENCES app.hen(id);
CREATE TABLE app.impossible (x int NOT NULL CHECK (x > 5 AND x < 3));
CREATE TABLE app.kinds (id serial PRIMARY KEY, p point NOT NULL, ip inet NOT NULL, b bytea NOT NULL, i interval NOT NULL,
  j jsonb NOT NULL CHECK (jsonb_typeof(j) = 'object'), bits bit(4) NOT NULL, t time NOT NULL, mac macaddr NOT NULL);
CREATE TABLE app.no_columns ();
CREATE MATERIALIZED VIEW app.states AS SELECT state, count(*) FROM app.posts GROUP BY 1 WITH NO DATA;
ALTER TABLE app.users OWNER TO shop_owner;
GRANT SELECT ON app.users TO shop_reader;
CREATE FUNCTION app.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no; never'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON app.users FOR EACH ROW EXECUTE FUNCTION app.refuse();
\unrestrict abc
`
