// PostgreSQL for the services: pool, typed values, transactions, migrations and the outbox.
//
//   Database ── withConnection ──▶ Connection ──┐
//      │                                        ├─ execute · query · run(Statement) · copyIn   (SQLSession)
//      └────── transaction ─────▶ Transaction ──┘  … and emit(event): into the outbox with the same commit
//                                     │ after the commit
//                                     ▼
//                               OutboxRelay ──▶ EventPublisher (Messaging's producer)
//
// Everything blocks: the data path runs on threads of its own; HTTP handlers use the `async` forms, which run the same
// closures on a bounded set of threads. Values travel in PostgreSQL's binary form both ways, statements are prepared once
// a connection, arrays are built straight into byte buffers: a batch of thousands of rows is one round trip.
//
// How it fails: always with a `StorageError` that names cause and remedy and holds no row value. Serialization failures
// and deadlocks are retried here. A connection that breaks before COMMIT means that nothing took effect
// (`connectionLost`); one that breaks during COMMIT leaves it open (`commitOutcomeUnknown`): the caller handles its batch
// again, and what is already there changes nothing. A server that comes back is found by the next checkout.
//
// Who may touch it: this module is the only importer of libpq. Its public types never show a C type.
