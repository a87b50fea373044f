/** @file Files of the installation that EverShop, its database and the shell read. */

import { STATE } from "./state.ts";

/** Read by every process of EverShop before its own code. */
export const PRELOAD = String.raw`const { Server } = require("node:net");
const { dirname, join } = require("node:path");
const { pathToFileURL } = require("node:url");
// It would listen for the whole network.
const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ...rest) {
  if (typeof port !== "number" && typeof port !== "string") return listen.call(this, port, ...rest);
  // It would close a kept connection under a request that is just sent.
  this.keepAliveTimeout = 0;
  return listen.call(this, Number(port), "127.0.0.1", ...rest.filter((each) => typeof each === "function"));
};
// Nothing here changes by itself, with time.
if (/[\\/]cronjob\.js$/.test(process.argv[1] ?? "")) process.exit(0);
// Requests of episodes that follow each other are no flood, and their logins no guessing.
const load = (path) => import(pathToFileURL(join(__dirname, "node_modules", path)));
void load("express-rate-limit/dist/index.mjs").then(({ MemoryStore }) => {
  MemoryStore.prototype.increment = async () => ({ totalHits: 1, resetTime: undefined });
});
// It ends its helper when it ends by itself, not when it is killed.
if (/[\\/]evershop\.js$/.test(process.argv[1] ?? "")) process.once("SIGTERM", () => process.exit());
// What a reset put back is also what the server has in memory.
process.on("SIGHUP", () => {
  void load("@evershop/evershop/dist/modules/setting/services/setting.js").then((setting) => setting.refreshSetting());
});
`;

/**
 * Called with the port as SHOP_PORT, and the folder of the copy as SHOP, which has its database and, in `data`, its
 * files. The database cannot run as root: for root, it runs as the user that its package made.
 */
export const SCRIPT = String.raw`set -eu
BIN=$(dirname "$(ls -d /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)")
CLI=node_modules/@evershop/evershop/dist/bin/evershop.js
FREE='const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
[ "$SHOP_PORT" ] || SHOP_PORT=$(node -e "$FREE")
as_user() {
  if [ "$(id -u)" = 0 ]; then set -- setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; fi
  exec "$@"
}
sql() { "$BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$SHOP" -U shop "$@" shop; }

folder() {
  rm -rf "$SHOP"; mkdir -p "$SHOP"
  if [ -d prepared ]; then cp -R prepared "$SHOP/data"; else mkdir "$SHOP/data"; fi
  chmod 700 "$SHOP/data"
  if [ "$(id -u)" = 0 ]; then chown -R postgres:postgres "$SHOP"; fi
}
# $1: what the script does. A copy that is served ends when its database does.
database() {
  { (as_user "$BIN/postgres" -D "$SHOP/data" -k "$SHOP" -c listen_addresses= -c fsync=off -c synchronous_commit=off \
    -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=64MB -c min_wal_size=32MB \
    -c shared_buffers=32MB -c max_connections=60 -c jit=off -c timezone=UTC) >"$SHOP/database.log" 2>&1 || true
    [ "$1" != start ] || { cat "$SHOP/database.log" >&2; kill $$; }; } &
  DATABASE=$!
  until "$BIN/pg_isready" -q -h "$SHOP"; do
    kill -0 $DATABASE 2>/dev/null || { cat "$SHOP/database.log" >&2; exit 1; }
    sleep 0.05
  done
}
export DB_HOST="$SHOP" DB_PORT=5432 DB_NAME=shop DB_USER=shop DB_PASSWORD= DB_SSLMODE=disable NODE_ENV=production
export EVERSHOP_HOME_URL="http://127.0.0.1:$SHOP_PORT" PORT="$SHOP_PORT" NODE_OPTIONS="--require ./preload.cjs"
export JWT_ADMIN_SECRET=shop-admin JWT_ADMIN_REFRESH_SECRET=shop-admin-more
export JWT_CUSTOMER_SECRET=shop-customer JWT_CUSTOMER_REFRESH_SECRET=shop-customer-more
end_server() { kill $SERVER 2>/dev/null || true; wait $SERVER || true; }
# It ends itself, with the processes that it started.
end_database() {
  [ ! -e "$SHOP/data/postmaster.pid" ] || kill -INT "$(head -n 1 "$SHOP/data/postmaster.pid")" 2>/dev/null || true
  for _ in $(seq 100); do [ -e "$SHOP/data/postmaster.pid" ] || break; sleep 0.05; done
}

case $1 in
  # Makes the state that every copy begins with, through EverShop's own interfaces.
  prepare)
    folder
    (as_user "$BIN/initdb" -D "$SHOP/data" -U shop --auth=trust --encoding=UTF8 --locale=C --no-sync --wal-segsize=1)
    database "$1"
    "$BIN/createdb" -h "$SHOP" -U shop shop
    node $CLI start >server.log 2>&1 & SERVER=$!
    trap 'end_server; end_database' EXIT
    node fill.mjs
    end_server
    sql -f prepare.sql
    end_database
    trap - EXIT
    rm -f "$SHOP/data/postmaster.opts"
    cp -R "$SHOP/data" prepared
    rm -rf "$SHOP"
    ;;
  start)
    folder
    database "$1"
    echo $$ >"$SHOP/server.pid"
    exec node $CLI start
    ;;
  reset)
    sql -At -c 'SELECT prepared.restore()'
    kill -HUP "$(cat "$SHOP/server.pid")"
    ;;
  stop)
    end_database
    rm -rf "$SHOP"
    ;;
esac
`;

/** Runs once the content is there: keeps a copy of the content beside it, and says how it is put back. */
export const PREPARE = String.raw`
-- As if it had been long ago, and always the same.
DO $$
DECLARE c record;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR c IN SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type = 'timestamp with time zone' AND column_name ~ '_at$' LOOP
    EXECUTE format('UPDATE public.%1$I SET %2$I = ''2026-03-02 08:00+00'' WHERE %2$I IS NOT NULL', c.table_name, c.column_name);
  END LOOP;
  UPDATE "order" SET created_at = created_at + order_id * interval '7 hours';
END $$;
DELETE FROM session;
DELETE FROM event;

-- EverShop looks for a table's columns in all schemas: the kept ones have other names.
CREATE SCHEMA prepared;
DO $$
DECLARE t name;
BEGIN
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('CREATE TABLE prepared.%I AS TABLE public.%I', 'kept ' || t, t);
  END LOOP;
END $$;
CREATE TABLE prepared.sequences AS SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public';
CREATE TABLE prepared.state AS ${STATE};

-- Only what differs is written, without triggers: a table's foreign keys hold again when all are done.
CREATE FUNCTION prepared.restore() RETURNS text LANGUAGE plpgsql SET session_replication_role = replica AS $$
DECLARE t name; differs boolean; restored text := '';
BEGIN
  -- What was just changed may still be told to those who wait for it.
  FOR i IN 1..60 LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM public.event);
    PERFORM pg_sleep(0.05);
  END LOOP;
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('SELECT EXISTS (SELECT a::text FROM public.%1$I a EXCEPT ALL SELECT b::text FROM prepared.%2$I b)
      OR EXISTS (SELECT b::text FROM prepared.%2$I b EXCEPT ALL SELECT a::text FROM public.%1$I a)', t, 'kept ' || t) INTO differs;
    CONTINUE WHEN NOT differs;
    EXECUTE format('DELETE FROM public.%I', t);
    EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE TABLE prepared.%I', t, 'kept ' || t);
    restored := restored || t || ' ';
  END LOOP;
  PERFORM CASE WHEN s.last_value IS NULL THEN setval(format('public.%I', s.sequencename)::regclass, 1, false)
    ELSE setval(format('public.%I', s.sequencename)::regclass, s.last_value) END FROM prepared.sequences s;
  RETURN restored;
END $$;
VACUUM FREEZE ANALYZE;
CHECKPOINT;
`;
