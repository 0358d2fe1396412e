// The floor of the benchmark: what a dose's whole way costs as bare writes.
//
// One thread, one PostgreSQL connection, one producer, one consumer, no rules and no services: for each batch it writes
// the nine rows of a dose (subject, dose, verdict, signable inserted and updated, attestation, person, certificate, one
// packed outbox row a commit) in four commits, makes one ES256 signature a dose, and produces and consumes the bytes of
// the six messages that a dose causes. The pipeline is measured in the same run and given as a share of this.
//
// Use: floor DATABASE_URL BOOTSTRAP_SERVERS DOSES BATCH   (prints one JSON object)
// Build: cc -O2 -o floor floor.c $(pkg-config --cflags --libs libpq rdkafka libcrypto)
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MESSAGES = 6 };
static const char *const topics[MESSAGES] = {"floor.submission", "floor.dose", "floor.verdict", "floor.person", "floor.attested", "floor.passport"};
static const size_t sizes[MESSAGES] = {230, 330, 130, 70, 190, 830};

static void die(const char *what, const char *why) {
    fprintf(stderr, "floor: %s: %s\n", what, why);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// xoshiro-like generator: the rows must not compress or sort by themselves.
static uint64_t state = 0x9E3779B97F4A7C15u;
static uint64_t next_random(void) {
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

// A growing text that becomes one array parameter.
struct text { char *bytes; size_t length, room; };
static void add(struct text *t, const char *format, ...) {
    if (t->room < t->length + 1024) { t->room = (t->room + 1024) * 2; t->bytes = realloc(t->bytes, t->room); }
    va_list arguments;
    va_start(arguments, format);
    t->length += (size_t)vsnprintf(t->bytes + t->length, t->room - t->length, format, arguments);
    va_end(arguments);
}
static void begin(struct text *t) { t->length = 0; add(t, "{"); }
static const char *end(struct text *t) { add(t, "}"); return t->bytes; }

static PGconn *db;
static void sql(const char *statement) {
    PGresult *r = PQexec(db, statement);
    ExecStatusType s = PQresultStatus(r);
    if (s != PGRES_COMMAND_OK && s != PGRES_TUPLES_OK) die("sql", PQerrorMessage(db));
    PQclear(r);
}
static void run(const char *name, int count, const char *const *values) {
    PGresult *r = PQexecPrepared(db, name, count, values, NULL, NULL, 0);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) die(name, PQerrorMessage(db));
    PQclear(r);
}
static void prepare(const char *name, const char *statement) {
    PGresult *r = PQprepare(db, name, statement, 0, NULL);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) die(name, PQerrorMessage(db));
    PQclear(r);
}

static long delivered;
static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque) {
    (void)rk; (void)opaque;
    if (m->err) die("delivery", rd_kafka_err2str(m->err));
    delivered++;
}
static void set(rd_kafka_conf_t *c, const char *name, const char *value) {
    char error[256];
    if (rd_kafka_conf_set(c, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) die(name, error);
}

int main(int argc, char **argv) {
    if (argc != 5) die("use", "floor DATABASE_URL BOOTSTRAP_SERVERS DOSES BATCH");
    const long doses = atol(argv[3]);
    const long batch = atol(argv[4]);
    if (doses < 1 || batch < 1) die("use", "DOSES and BATCH are positive");

    db = PQconnectdb(argv[1]);
    if (PQstatus(db) != CONNECTION_OK) die("database", PQerrorMessage(db));
    sql("SET client_min_messages = warning; DROP SCHEMA IF EXISTS floor CASCADE; CREATE SCHEMA floor; SET search_path = floor;"
        "CREATE TABLE subject (id uuid PRIMARY KEY, facility text, ref text);"
        "CREATE TABLE dose (id uuid PRIMARY KEY, subject uuid, facility text, record text, version int, entered_at timestamptz, name text, sex text, born text, number text, phone text, commune text, vaccine text, lot text, given text);"
        "CREATE INDEX ON dose (subject);"
        "CREATE TABLE verdict (dose uuid PRIMARY KEY, subject uuid, version int, assessment bigint, outcome int, grp int, decided_at timestamptz, person uuid);"
        "CREATE TABLE signable (dose uuid PRIMARY KEY, facility text, version int, outcome int, person uuid, ready bool, turn uuid) WITH (fillfactor = 80);"
        "CREATE TABLE attestation (dose uuid PRIMARY KEY, turn uuid, position int, digest text, signed_at timestamptz);"
        "CREATE TABLE person (id uuid PRIMARY KEY, current text, dirty bool);"
        "CREATE TABLE certificate (id text PRIMARY KEY, person uuid, dose uuid, hc1 text, issued_at timestamptz, expires_at timestamptz);"
        "CREATE INDEX ON certificate (person);"
        "CREATE TABLE outbox (id bigserial PRIMARY KEY, payload text);");
    prepare("subject", "INSERT INTO subject SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING");
    prepare("dose", "INSERT INTO dose SELECT i, s, f, r, 1, now(), n, 'M', '1990-01-01', c, '0900000000', '26734', 'Comirnaty', 'LOT1', '2021-09-01' FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) AS x (i, s, f, r, n, c) ON CONFLICT DO NOTHING");
    prepare("verdict", "INSERT INTO verdict SELECT d, s, 1, 1, 1, 1, now(), p FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS x (d, s, p) ON CONFLICT DO NOTHING");
    prepare("signable", "INSERT INTO signable SELECT d, f, 1, 0, NULL, false, NULL FROM unnest($1::uuid[], $2::text[]) AS x (d, f) ON CONFLICT DO NOTHING");
    prepare("ready", "UPDATE signable SET outcome = 1, person = x.p, ready = true FROM unnest($1::uuid[], $2::uuid[]) AS x (d, p) WHERE dose = x.d");
    prepare("attestation", "INSERT INTO attestation SELECT d, t, 1, h, now() FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS x (d, t, h) ON CONFLICT DO NOTHING");
    prepare("person", "INSERT INTO person SELECT p, NULL, true FROM unnest($1::uuid[]) AS x (p) ON CONFLICT DO NOTHING");
    prepare("certificate", "INSERT INTO certificate SELECT c, p, d, h, now(), now() FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[]) AS x (c, p, d, h) ON CONFLICT DO NOTHING");
    prepare("outbox", "INSERT INTO outbox (payload) VALUES ($1)");

    char error[512];
    rd_kafka_conf_t *pc = rd_kafka_conf_new();
    set(pc, "bootstrap.servers", argv[2]);
    set(pc, "enable.idempotence", "true");
    set(pc, "compression.codec", "lz4");
    set(pc, "linger.ms", "20");
    set(pc, "queue.buffering.max.messages", "1000000");
    rd_kafka_conf_set_dr_msg_cb(pc, on_delivery);
    rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, pc, error, sizeof error);
    if (!producer) die("producer", error);
    rd_kafka_topic_t *handles[MESSAGES];
    for (int m = 0; m < MESSAGES; m++) handles[m] = rd_kafka_topic_new(producer, topics[m], NULL);
    rd_kafka_conf_t *cc = rd_kafka_conf_new();
    char group[64];
    snprintf(group, sizeof group, "floor-%ld", (long)time(NULL));
    set(cc, "bootstrap.servers", argv[2]);
    set(cc, "group.id", group);
    set(cc, "auto.offset.reset", "earliest");
    set(cc, "enable.auto.commit", "false");
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, cc, error, sizeof error);
    if (!consumer) die("consumer", error);
    rd_kafka_poll_set_consumer(consumer);

    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned char payload[1024];
    for (size_t i = 0; i < sizeof payload; i++) payload[i] = (unsigned char)next_random();

    struct text id = {0}, subject = {0}, facility = {0}, ref = {0}, record = {0}, name = {0}, number = {0}, person = {0}, turn = {0}, digest = {0}, certificate = {0}, hc1 = {0};
    struct text box = {0};
    for (int i = 0; i < 900; i++) add(&box, "0123456789abcdef");
    char code[601];
    long subscribed = 0, consumed = 0;
    double database = 0, signing = 0, kafka = 0, start = now();
    for (long done = 0; done < doses; done += batch) {
        const long count = doses - done < batch ? doses - done : batch;
        struct text *all[] = {&id, &subject, &facility, &ref, &record, &name, &number, &person, &turn, &digest, &certificate, &hc1};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) begin(all[i]);
        double t0 = now();
        for (long i = 0; i < count; i++) {
            const char *comma = i ? "," : "";
            const unsigned where = (unsigned)(next_random() % 1000);
            add(&id, "%s%08x-0000-8000-8000-%012llx", comma, where, (unsigned long long)(next_random() >> 16));
            add(&subject, "%s%08x-0000-8000-8000-%012llx", comma, where, (unsigned long long)(next_random() >> 16));
            add(&facility, "%s79%03u", comma, where);
            add(&ref, "%sS%ld", comma, done + i);
            add(&record, "%sR%ld", comma, done + i);
            add(&name, "%s\"Nguyễn Văn An %ld\"", comma, done + i);
            add(&number, "%s079090%06ld", comma, (done + i) % 1000000);
            add(&person, "%s%08x-0000-4000-8000-%012llx", comma, (unsigned)next_random(), (unsigned long long)(next_random() >> 16));
            add(&turn, "%s00000000-0000-4000-8000-%012lx", comma, done);
            add(&digest, "%s%016llx%016llx%016llx%016llx", comma, (unsigned long long)next_random(), (unsigned long long)next_random(), (unsigned long long)next_random(), (unsigned long long)next_random());
            add(&certificate, "%sURN:UVCI:01:VN:%016llX%016llX", comma, (unsigned long long)next_random(), (unsigned long long)next_random());
            for (int c = 0; c < 600; c++) code[c] = (char)('A' + (c % 8 ? c * 7 % 26 : (int)(next_random() % 26)));
            code[600] = 0;
            add(&hc1, "%s%s", comma, code);
        }
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) end(all[i]);
        sql("BEGIN");
        run("subject", 3, (const char *[]){subject.bytes, facility.bytes, ref.bytes});
        run("dose", 6, (const char *[]){id.bytes, subject.bytes, facility.bytes, record.bytes, name.bytes, number.bytes});
        run("outbox", 1, (const char *[]){box.bytes});
        sql("COMMIT");
        sql("BEGIN");
        run("verdict", 3, (const char *[]){id.bytes, subject.bytes, person.bytes});
        run("outbox", 1, (const char *[]){box.bytes});
        sql("COMMIT");
        sql("BEGIN");
        run("signable", 2, (const char *[]){id.bytes, facility.bytes});
        run("ready", 2, (const char *[]){id.bytes, person.bytes});
        run("attestation", 3, (const char *[]){id.bytes, turn.bytes, digest.bytes});
        run("outbox", 1, (const char *[]){box.bytes});
        sql("COMMIT");
        sql("BEGIN");
        run("person", 1, (const char *[]){person.bytes});
        run("certificate", 4, (const char *[]){certificate.bytes, person.bytes, id.bytes, hc1.bytes});
        run("outbox", 1, (const char *[]){box.bytes});
        sql("COMMIT; DELETE FROM outbox");
        double t1 = now();
        database += t1 - t0;
        for (long i = 0; i < count; i++) {
            unsigned char signature[128];
            size_t length = sizeof signature;
            payload[0] = (unsigned char)i;
            if (EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) != 1 || EVP_DigestSign(md, signature, &length, payload, 400) != 1) die("sign", "failed");
            EVP_MD_CTX_reset(md);
        }
        double t2 = now();
        signing += t2 - t1;
        for (int m = 0; m < MESSAGES; m++)
            for (long i = 0; i < count; i++) {
                while (rd_kafka_produce(handles[m], RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, payload, sizes[m], payload + i % 512, 16, NULL) != 0)
                    rd_kafka_poll(producer, 10);
                if (i % 256 == 0) rd_kafka_poll(producer, 0);
            }
        if (!subscribed) {
            // The topics exist once the first batch is delivered.
            if (rd_kafka_flush(producer, 30000)) die("flush", "the broker did not take the first batch in 30 s");
            rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(MESSAGES);
            for (int m = 0; m < MESSAGES; m++) rd_kafka_topic_partition_list_add(list, topics[m], RD_KAFKA_PARTITION_UA);
            if (rd_kafka_subscribe(consumer, list)) die("subscribe", "failed");
            rd_kafka_topic_partition_list_destroy(list);
            // Joining a group is no cost of a dose: wait for the first message outside the clock.
            double pause = now();
            rd_kafka_message_t *first = NULL;
            while (!first || first->err) {
                if (first) rd_kafka_message_destroy(first);
                first = rd_kafka_consumer_poll(consumer, 1000);
                if (now() - pause > 60) die("consume", "nothing arrived in 60 s");
            }
            rd_kafka_message_destroy(first);
            consumed = 1;
            start += now() - pause;
            t2 += now() - pause;
            subscribed = 1;
        }
        // Stay at most two batches behind, as a pipeline would.
        while (consumed < (done + count - 2 * batch) * MESSAGES) {
            rd_kafka_message_t *m = rd_kafka_consumer_poll(consumer, 1000);
            if (!m) continue;
            if (!m->err) consumed++;
            rd_kafka_message_destroy(m);
        }
        kafka += now() - t2;
    }
    double t3 = now();
    if (rd_kafka_flush(producer, 60000)) die("flush", "the broker did not take the last batch in 60 s");
    while (consumed < doses * MESSAGES) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(consumer, 5000);
        if (!m) die("consume", "messages are missing");
        if (!m->err) consumed++;
        rd_kafka_message_destroy(m);
    }
    kafka += now() - t3;
    const double seconds = now() - start;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const double cpu = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("{\"doses\":%ld,\"batch\":%ld,\"seconds\":%.3f,\"doses_per_second\":%.0f,\"database_us_per_dose\":%.1f,\"signing_us_per_dose\":%.1f,\"kafka_us_per_dose\":%.1f,\"client_cpu_us_per_dose\":%.1f,\"messages\":%ld}\n",
           doses, batch, seconds, (double)doses / seconds, database / (double)doses * 1e6, signing / (double)doses * 1e6, kafka / (double)doses * 1e6, cpu / (double)doses * 1e6, delivered);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    for (int m = 0; m < MESSAGES; m++) rd_kafka_topic_destroy(handles[m]);
    rd_kafka_destroy(producer);
    sql("DROP SCHEMA floor CASCADE");
    PQfinish(db);
    return 0;
}
