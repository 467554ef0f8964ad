export const HELP = `Usage: millrace <command>

Commands:
  run <module>   Run a pipeline module (see 'millrace run --help')
  stress         Kill threads and compare every result with an oracle (see 'millrace stress --help')

Options:
  --help         Show this text
  --version      Show the version

Exit codes: 0 done, 1 the run failed, 2 wrong arguments or a module that cannot be run.`

export const RUN_HELP = `Usage: millrace run <module> [options]

Runs the pipeline that <module> exports: export default definePipeline((ssc, params) => { ... })

Options:
  --threads <n>               Worker threads (default: the machine's cores, at most 8)
  --batch-interval <time>     Length of a batch: 500ms, 1s, 2m or a number of ms (default: 1s)
  --param <key>=<value>       Give params[key] to the pipeline, as text; may be repeated
  --duration <time>           Stop gracefully after so long (default: run until a signal)
  --checkpoint-dir <folder>   Write checkpoints there, and go on from the newest one (default: none)
  --json                      Write batches, named outputs and prints to stdout as JSON, one object a line
  --help                      Show this text

print() and output(name) write to stdout, progress and errors to stderr.
SIGINT (Ctrl-C) and SIGTERM process what has been received and stop; a second one stops at once.`

export const STRESS_HELP = `Usage: millrace stress [options]

Runs pipelines on generated data beside a single-threaded oracle, kills threads, and compares every batch.

Options:
  --pipeline <name>           wordcount, windows, state, join, in-place, unordered, or all (default)
  --mode <mode>               What is killed (default: one)
      one, two, all             One thread, two at once, every thread and the spare
      boot                      A thread, and then those that boot in its place
      throw, spin, exit, oom    A task that throws, never ends, calls process.exit or fills its heap, in the middle of
                                its first attempt
  --duration <time>           Length of each pipeline's run, after ten batches to warm up; its first
                              quarter is without kills (default: 60s)
  --kills-per-second <n>      On average; faults in tasks wait for the batch that the last one delayed (default: 2)
  --seed <n>                  Data, schedule and kills follow from it (default: a random one, which is printed)
  --threads <n>               Worker threads (default: the machine's cores, at most 8)
  --rate <n>                  Records a second, on average (default: 10000)
  --batch-interval <time>     Length of a batch (default: 100ms)
  --replicas <n>              Owners of each block, 1 to 3 (default: 2)
  --replication <how>         reference or copy (default: reference)
  --speculation               Second copies of tasks, so early that healthy ones get them too
  --memory-limit <MiB>        Blocks that the engine may hold (default: half of the machine's memory)
  --snapshot-interval <n>     Slides between snapshots of a state partition (default: 2)
  --report <file.html>        Draw batch times, kills and recoveries
  --json                      One JSON object a pipeline
  --help                      Show this text

  --kills <n>                 A long run: short rounds over all pipelines and modes, or those given, each with a setup
                              drawn from the seed, until so many kills were carried out. Of the options above only
                              pipeline, mode, duration (5s), kills-per-second (10), seed and json go with it
  --within <time>             Ends a long run all the same, as failed (default: 2h)

Recovery is the time from a kill, or from when the batch was due if that was later, to the completion of the first batch
after it. Exit code 1 on any difference: the report has the seed and the first difference. With oom the run is in a
process of its own: Node does not promise that a worker whose heap is full ends alone, and an abort is no pass.`
