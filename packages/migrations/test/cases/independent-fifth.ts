import { safe, unsafe } from './independent-case.ts'
import type { IndependentCase } from './independent-case.ts'
import { ROUTINES } from './independent-objects.ts'

/** What generators write. */
const GENERATED: readonly IndependentCase[] = [
  safe('generated-column', '-- AlterTable\nALTER TABLE "users" ADD COLUMN     "plan" TEXT;\n'),
  unsafe(
    'generated-key-change',
    '-- DropForeignKey\nALTER TABLE "orders" DROP CONSTRAINT "orders_user_fk";\n\n-- AddForeignKey\nALTER TABLE "orders" ADD CONSTRAINT "orders_user_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;',
  ),
  unsafe(
    'generated-enum-change',
    `BEGIN; CREATE TYPE "order_state_new" AS ENUM ('new', 'paid'); ALTER TABLE "orders" ALTER COLUMN "state" DROP DEFAULT; ALTER TABLE "orders" ALTER COLUMN "state" TYPE "order_state_new" USING ("state"::text::"order_state_new"); ALTER TYPE "order_state" RENAME TO "order_state_old"; ALTER TYPE "order_state_new" RENAME TO "order_state"; DROP TYPE "order_state_old"; COMMIT;`,
  ),
  safe(
    'generated-table',
    'CREATE TABLE "Post" ("id" SERIAL NOT NULL, "title" TEXT NOT NULL, "userId" BIGINT, "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, CONSTRAINT "Post_pkey" PRIMARY KEY ("id"));\nCREATE UNIQUE INDEX "Post_title_key" ON "Post"("title");\nALTER TABLE "Post" ADD CONSTRAINT "Post_userId_fkey" FOREIGN KEY ("userId") REFERENCES "users"("id") ON DELETE SET NULL;',
  ),
  safe(
    'generated-guarded-key',
    'CREATE TABLE IF NOT EXISTS "posts" ("id" serial PRIMARY KEY NOT NULL, "user_id" bigint);\n--> statement-breakpoint\nDO $$ BEGIN\n ALTER TABLE "posts" ADD CONSTRAINT "posts_user_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;\nEXCEPTION\n WHEN duplicate_object THEN null;\nEND $$;',
  ),
  unsafe(
    'generated-guarded-old-key',
    'DO $$ BEGIN\n ALTER TABLE "accounts" ADD CONSTRAINT "a_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE no action;\nEXCEPTION\n WHEN duplicate_object THEN null;\nEND $$;',
  ),
  safe('generated-label', `ALTER TYPE "public"."order_state" ADD VALUE 'void';`),
  safe(
    'generated-widening',
    'ALTER TABLE "users" ALTER COLUMN "legacy_code" SET DATA TYPE varchar(100);',
  ),
  safe('generated-flag', 'ALTER TABLE "users" ADD "flag" boolean NOT NULL DEFAULT false'),
  unsafe(
    'generated-retyping',
    'ALTER TABLE "users" DROP COLUMN "age"; ALTER TABLE "users" ADD "age" character varying',
  ),
  safe(
    'generated-concurrently',
    'ALTER TABLE "users" ADD "x" character varying DEFAULT \'a\' NOT NULL; CREATE INDEX CONCURRENTLY "index_users_on_x" ON "users" ("x")',
    { each: 'unsafe' },
  ),
  unsafe(
    'generated-default-taken-back',
    'ALTER TABLE "users" ADD COLUMN "x" integer DEFAULT 0 NOT NULL; ALTER TABLE "users" ALTER COLUMN "x" DROP DEFAULT;',
  ),
  safe(
    'generated-reference',
    'ALTER TABLE "users" ADD COLUMN "x_id" bigint NULL CONSTRAINT "users_x_fk" REFERENCES "accounts" ("id") DEFERRABLE INITIALLY DEFERRED; SET CONSTRAINTS "users_x_fk" IMMEDIATE;',
  ),
  unsafe(
    'generated-like-index',
    'CREATE INDEX "users_email_like" ON "users" ("email" text_pattern_ops);',
  ),
  unsafe(
    'generated-alter-all',
    'alter table "users" alter column "age" drop default, alter column "age" drop not null, alter column "age" type bigint using ("age"::bigint)',
  ),
  unsafe(
    'generated-row-security',
    'alter table "public"."users" enable row level security; create policy "all" on "public"."users" as permissive for select to public using (true);',
  ),
  safe(
    'dumped-table',
    "SET statement_timeout = 0;\nSET client_encoding = 'UTF8';\nSELECT pg_catalog.set_config('search_path', '', false);\nSET xmloption = content;\nCREATE TABLE public.x (id integer NOT NULL);\nALTER TABLE public.x OWNER TO postgres;\nCREATE SEQUENCE public.x_id_seq AS integer START WITH 1;\nALTER SEQUENCE public.x_id_seq OWNED BY public.x.id;\nALTER TABLE ONLY public.x ALTER COLUMN id SET DEFAULT nextval('public.x_id_seq'::regclass);\nALTER TABLE ONLY public.x ADD CONSTRAINT x_pkey PRIMARY KEY (id);",
  ),
  safe(
    'mirrored-column',
    'alter table users add column handle text; create function mirror() returns trigger language plpgsql as $$ begin new.handle := new.nickname; return new; end $$; create trigger mirror before insert or update on users for each row execute function mirror();',
  ),
  safe(
    'mirrored-again',
    'create or replace trigger mirror before update on users for each row execute function touch()',
    { setup: ROUTINES },
  ),
  unsafe(
    'batches-without-commit',
    'do $$ declare n int; begin loop update users set score = 1 where id in (select id from users where score = 0 limit 1000); get diagnostics n = row_count; exit when n = 0; end loop; end $$',
  ),
  safe(
    'batches-with-commit',
    'do $$ declare n int; begin loop update users set score = 1 where id in (select id from users where score = 0 limit 1000); get diagnostics n = row_count; exit when n = 0; commit; end loop; end $$',
    { each: 'unsafe' },
  ),
]

/** A fifth draw. */
export const INDEPENDENT_FIFTH: readonly IndependentCase[] = GENERATED
