/** The text of `.help` with a context of its own. */
export const LOCAL_HELP = `ctx has datasets, ssc has streams, and every export of millrace is a name: withEnv, split, sum, StreamingContext.
The shell waits for promises, and prints the first records of a dataset as a table.

  ctx.range(1, 6).map((n) => ({ n, square: n * n }))      // a table of the first 20 records
  const lines = ctx.textFile('README.md')                 // runs nothing
  lines.flatMap(split(' ')).countByValue()
  const limit = 3                                         // functions run in other threads:
  ctx.range(9).filter(withEnv({ limit }, (n) => n > limit))   // pass what they use with withEnv

  const words = ssc.pushStream('words')
  words.countByValue().print()                            // prints each batch above the prompt
  words.count().output('totals')
  await ssc.start()
  words.push('a')
  ssc.output('totals')                                    // the next batch, as a table
  batches()                                               // the newest batches, with their delays
  tables()                                                // outputs, windows and state as tables of SQL
  .sql select count(*) as n from totals                   // a query of DuckDB over them: sql('select ...')
  await ssc.status()                                      // threads, memory, state, graph

Ctrl-C ends the jobs of an input, Ctrl-D or .exit leaves the shell. Tab completes names.`

/** The text of `.help` for the page of a running pipeline. */
export const ATTACHED_HELP = `Each function asks the page of the pipeline once, and returns data: use it in JavaScript, or print it as a table.

  batches(5)                    the newest batches (20), with their delays
  batch(1769860807000)          one batch: inputs, outputs, jobs and stages
  state()                       the keyed state of each operation: keys, bytes, newest version
  state('totals', 'a')          the state of a key of the operation with this uid
  tables()                      newest batches of outputs, windows and state, as tables
  table('counts', 5)            the first records (20) of a table
  sql('select * from counts')   a query of DuckDB over the tables; .sql select * from counts
  threads()                     the worker threads
  memory()                      memory of blocks and of the process, in bytes
  storage()                     persisted datasets
  connectors()                  inputs: rates, positions, last errors
  checkpoints()                 the newest checkpoints
  recovery()                    dead threads, and what replaced their data
  graph()                       streams with their newest records and times
  configuration()               options of the context
  overview()                    all of it at once, and the totals
  get('graph')                  any resource below /api/v1, as it is

  (await batches(100)).filter(({ status }) => status === 'failed')

Ctrl-D or .exit leaves the shell; the pipeline continues.`
