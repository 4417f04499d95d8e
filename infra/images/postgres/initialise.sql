-- What every start makes true: role with the current password, its database, the vector extension. Any state to the same end.
-- The password comes from the file, never from an argument or the environment, and no log line may carry the statement.
set log_min_error_statement = panic;
set log_min_duration_statement = -1;
set log_statement = 'none';
\set password `cat /run/fidus/postgres_password`
select format('create role fidus login nosuperuser nocreatedb nocreaterole')
 where not exists (select from pg_roles where rolname = 'fidus') \gexec
select format('alter role fidus login password %L', :'password') \gexec
select 'create database fidus owner fidus'
 where not exists (select from pg_database where datname = 'fidus') \gexec
revoke all on database postgres, template1 from public;
revoke all on database fidus from public;
\connect fidus
create extension if not exists vector;
select format('alter extension vector update')
 where exists (select from pg_extension e join pg_available_extensions a on a.name = e.extname
                where e.extname = 'vector' and a.default_version <> e.extversion) \gexec
