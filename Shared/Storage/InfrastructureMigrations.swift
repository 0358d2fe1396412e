/// The tables that every service's schema has beside its own: the outbox and the parked messages.
public enum InfrastructureMigrations {
    public static let all: [Migration] = [
        Migration(
            number: 1, name: "outbox",
            sql: """
                CREATE TABLE outbox (
                    id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                    -- The advisory lock of the instance that publishes the row; 0: any.
                    owner int4 NOT NULL,
                    event_count int4 NOT NULL,
                    created_at timestamptz NOT NULL DEFAULT now(),
                    -- The commit's events, packed.
                    events bytea NOT NULL
                ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
                        toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 20000);
                -- Rows live for moments: lz4 costs less than what it saves the write-ahead log, pglz costs more. A
                -- server built without lz4 keeps them as they are.
                DO $$ BEGIN
                    IF (SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression') THEN
                        ALTER TABLE outbox ALTER COLUMN events SET COMPRESSION lz4;
                    ELSE
                        ALTER TABLE outbox ALTER COLUMN events SET STORAGE EXTERNAL;
                    END IF;
                END $$;
                """),
        Migration(
            number: 2, name: "parked",
            sql: """
                CREATE TABLE parked (
                    id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                    topic text NOT NULL,
                    partition int4 NOT NULL,
                    message_offset int8 NOT NULL,
                    message_time timestamptz NOT NULL,
                    message_key bytea NOT NULL,
                    value bytea NOT NULL,
                    -- Packed names and values, as they arrived.
                    headers bytea NOT NULL,
                    event_type text NOT NULL DEFAULT '',
                    error_class text NOT NULL,
                    -- For people; holds no personal data.
                    reason text NOT NULL,
                    -- Parked only because an earlier message of its key is.
                    is_behind bool NOT NULL DEFAULT false,
                    attempts int4 NOT NULL DEFAULT 1,
                    first_failed_at timestamptz NOT NULL DEFAULT now(),
                    last_failed_at timestamptz NOT NULL DEFAULT now(),
                    -- An offset comes again with a new broker, not with the same time.
                    UNIQUE (topic, partition, message_offset, message_time)
                );
                CREATE INDEX parked_key ON parked (topic, message_key, id);
                """),
    ]
}
