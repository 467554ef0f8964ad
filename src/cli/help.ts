export const HELP = `Usage: millrace <command>

Commands:
  init [dir]     Write a new project: a pipeline, its test, a Dockerfile (see 'millrace init --help')
  run <module>   Run a pipeline module (see 'millrace run --help')
  submit         Run a pipeline module on a Spark cluster (see 'millrace submit --help')
  shell [module] Type operations and see their results (see 'millrace shell --help')
  checkpoint     Show what a checkpoint directory has (see 'millrace checkpoint --help')
  replay         Run a past batch again from its recorded input (see 'millrace replay --help')
  bench <module> Measure a pipeline with several numbers of threads (see 'millrace bench --help')
  stress         Kill threads and compare every result with an oracle (see 'millrace stress --help')

Options:
  --help         Show this text
  --version      Show the version

Exit codes: 0 done, 1 the run failed, 2 wrong arguments or a module that cannot be run.`

export const INIT_HELP = `Usage: millrace init [dir]

Writes a small TypeScript project into [dir] (default: the current directory): pipeline.ts, its test, package.json,
tsconfig.json, Dockerfile, README.md. It never writes over a file.

Options:
  --help   Show this text

Example:
  millrace init my-pipeline && cd my-pipeline && npm install && npm start`

export const RUN_HELP = `Usage: millrace run <module> [options]

Runs the pipeline that <module> exports: export default definePipeline((ssc, params) => { ... })

Options:
  --threads <n>               Worker threads (default: the machine's cores, at most 8)
  --batch-interval <time>     Length of a batch: 500ms, 1s, 2m or a number of ms (default: 1s)
  --param <key>=<value>       Pass params[key] to the pipeline, as text; may be repeated
  --duration <time>           Stop gracefully after this time (default: run until a signal)
  --until caught-up           Stop once every source is at the end that it had at the start (files, Kafka, queues)
  --checkpoint-dir <folder>   Write checkpoints there, and resume from the newest one (default: no checkpoints)
  --standby                   Wait while another process has that folder, and take over when it dies or stops
  --ui                        Serve a live page of the streams at http://127.0.0.1:4040, or the next free port
  --ui-port <n>               The port of the page; 0 takes any (implies --ui)
  --chaos                     Put a button on the page that terminates a worker thread (implies --ui)
  --metrics                   Serve /metrics for Prometheus, /healthz and /readyz at http://127.0.0.1:9464
  --metrics-port <n>          The port of these; 0 takes any (implies --metrics)
  --metrics-host <address>    The address of these, such as 0.0.0.0 in a container (implies --metrics)
  --watch                     Restart when a file that the pipeline imports changes; checkpoints are kept
  --drop-state <uid>          Drop the data of this operation or source in the checkpoint; may be repeated. For one start
  --write-ahead-log           Log received data there before it is processed, so that it survives the process
  --keep <time>               Keep there what 'millrace replay' needs for batches of so long ago: 1h (default: nothing)
  --json                      Write batches, named outputs and prints to stdout as JSON, one object per line
  --help                      Show this text

Examples:
  millrace run ./pipeline.ts --param port=9999 --ui
  millrace run ./pipeline.ts --watch --checkpoint-dir ./checkpoints
  millrace run ./pipeline.js --batch-interval 500ms --checkpoint-dir /var/lib/totals --metrics
  millrace run ./pipeline.js --until caught-up --json > results.jsonl

print() and output(name) write to stdout, progress and errors to stderr.
SIGINT (Ctrl-C) and SIGTERM process the received data, then stop; a second one stops at once.`

export const SUBMIT_HELP = `Usage: millrace submit --master <url> <module> [options]

Runs the pipeline that <module> exports on a Spark cluster: this process is the driver. The module and what it imports are bundled
with esbuild (npm install esbuild) and shipped to the executors. Needs Java 17, Spark 3.5 or 4, and the package millrace-spark.

Options:
  --master <url>              spark://host:7077, local[2], local[*], yarn or k8s://https://host:6443
  --parallelism <n>           Partitions of shuffles and sources (default: this machine's cores, at most 8)
  --name <text>               The application's name on Spark's page (default: millrace)
  --conf <key>=<value>        A setting of Spark, such as spark.executor.memory=2g; may be repeated
  --files <file>              Ship a file to the executors, into the folder of the bundle; may be repeated
  --archives <file>#<folder>  Ship an archive, unpacked into a folder beside the bundle; may be repeated
  --external <package>        Leave a package out of the bundle, such as a native one: ship node_modules; may be repeated
  --node <command>            Node on the executors: a command, a path, or a path in an archive's folder (default: node)
  --driver-memory <size>      Heap of the driver's JVM (default: 1g)
  --spark-home <folder>       Folder of Spark (default: the variable SPARK_HOME)
  --bridge <folder>           Folder with the files of millrace-spark (default: the installed package)
  --batch-interval <time>     Length of a batch: 500ms, 1s, 2m or a number of ms (default: 1s)
  --param, --duration, --until, --ui, --ui-port, --metrics, --metrics-port, --metrics-host, --checkpoint-dir, --standby,
  --drop-state, --write-ahead-log, --keep, --json: as at 'millrace run'
  --help                      Show this text

Examples:
  millrace submit --master 'local[2]' ./pipeline.ts --param port=9999 --duration 1m
  millrace submit --master spark://10.0.0.1:7077 ./pipeline.ts --parallelism 16 --conf spark.executor.memory=2g
  tar czf modules.tgz -C node_modules . && millrace submit --master spark://10.0.0.1:7077 ./pipeline.ts \\
    --external better-sqlite3 --archives modules.tgz#node_modules
  millrace submit --master yarn ./pipeline.ts --archives node-v22.tar.gz#node --node node/node-v22/bin/node

SIGINT (Ctrl-C) and SIGTERM process the received data, then stop; a second one stops at once.
Exit codes: 0 done, 1 the run failed, 2 wrong arguments or a module that cannot be run.`

export const SHELL_HELP = `Usage: millrace shell [module] [options]

Evaluates JavaScript and TypeScript that you type, with top-level await: ctx has datasets, ssc has streams. With a module,
ssc has the streams of its pipeline, which await ssc.start() starts. Results print as tables. .help shows examples.

Options:
  --threads <n>            Worker threads (default: the machine's cores, at most 8)
  --batch-interval <time>  Length of a batch: 500ms, 1s, 2m or a number of ms (default: 1s)
  --param <key>=<value>    Pass params[key] to the pipeline, as text; may be repeated
  --attach <port>          Ask the page of a pipeline that runs with --ui: a port of this machine, or an address
  --token <token>          The token of that page (default: the variable MILLRACE_TOKEN)
  --help                   Show this text

Examples:
  millrace shell
  millrace shell ./pipeline.ts --param port=9999
  millrace shell --attach 4040
  echo 'ctx.range(10).sum()' | millrace shell

Inputs are kept in ~/.millrace_history, or in the file that MILLRACE_HISTORY names. From a pipe, each line is evaluated
without a prompt, and the exit code is 1 if one of them failed.`

export const CHECKPOINT_HELP = `Usage: millrace checkpoint <action> <dir> [options]

Reads a checkpoint directory, also while a process writes into it. <dir> is a path, or a URL: hdfs://, s3://

Actions:
  ls             List the checkpoints, the newest first
  verify         The same, and check every block; exit code 1 if one is damaged
  show           Show the operations of a checkpoint: keys, bytes, positions
  diff           Compare the keyed state of two checkpoints

Options:
  --at <ms>      show: the batch time of the checkpoint (default: the newest complete one)
  --from <ms>    diff: the batch time of the earlier checkpoint (default: the one before --to)
  --to <ms>      diff: the batch time of the later checkpoint (default: the newest complete one)
  --uid <uid>    show: list the entries of this operation's state; diff: list its keys that differ
  --limit <n>    The most entries or keys to list (default: 20)
  --json         Write one JSON object per line
  --help         Show this text

Examples:
  millrace checkpoint ls ./checkpoints
  millrace checkpoint show ./checkpoints --uid totals --limit 5
  millrace checkpoint diff s3://bucket/totals --json`

export const REPLAY_HELP = `Usage: millrace replay <dir> <module> [options]

Runs one past batch of a checkpoint directory again from its recorded input, and compares what its outputs have with what
they had: exit code 1 if that differs. Without --batch, lists the batches that can be replayed. The run needs --keep <time>
(replayRetention), and --write-ahead-log (writeAheadLog) if it has receivers. <dir> is a path, or a URL: hdfs://, s3://

Options:
  --batch <time>              The batch: its time in ms, or a date such as 2026-01-31T12:00:00Z
  --outputs                   Run foreachRDD and print of the batch too. Sinks never write in a replay
  --limit <n>                 The most records of each output, or batches, to show (default: 10)
  --threads <n>               Worker threads (default: the machine's cores, at most 8)
  --param <key>=<value>       As at 'millrace run'; may be repeated
  --inspect-brk               Wait for a debugger on 127.0.0.1:9229 before the module is loaded
  --json                      Write one JSON object per line
  --help                      Show this text

Examples:
  millrace replay ./checkpoints ./pipeline.ts
  millrace replay ./checkpoints ./pipeline.ts --batch 2026-01-31T12:00:00Z --param port=9999
  millrace replay ./checkpoints ./pipeline.ts --batch 1769860807000 --threads 1 --inspect-brk`

export const BENCH_HELP = `Usage: millrace bench <module> [options]

Runs the pipeline that <module> exports with each number of threads in turn, and compares how many records a second they can
process. Prints and named outputs of the pipeline are dropped; its sinks write. A failing batch fails the command.

Options:
  --threads <n>,<n>,...       The numbers of worker threads to compare (default: 1 and the machine's cores, at most 8)
  --rounds <n>                Runs of each number, in turns; the table shows medians (default: 3)
  --duration <time>           Length of each run, the first fifth of which is warm-up (default: 10s)
  --until caught-up           End each run once every source is at the end that it had at the start; all of it counts
  --batch-interval <time>     Length of a batch: 500ms, 1s, 2m or a number of ms (default: 1s)
  --param <key>=<value>       Pass params[key] to the pipeline, as text; may be repeated
  --json                      Write one JSON object per line and number of threads. Times in ms
  --help                      Show this text

Examples:
  millrace bench ./pipeline.ts --threads 1,2,4
  millrace bench ./pipeline.ts --threads 2 --batch-interval 100ms --duration 1m --param port=9999
  millrace bench ./pipeline.ts --until caught-up --json

records/s is the records by the time in which batches were processed, ratio is that beside the first row, load is the
processing time of a batch by the interval. Close other programs, and compare only rows of one table.`

export const STRESS_HELP = `Usage: millrace stress [options]

Runs pipelines on generated data beside a single-threaded oracle, kills threads, and compares every batch.

Options:
  --pipeline <name>           wordcount, windows, state, join, in-place, unordered, or all (default)
  --mode <mode>               The victims (default: one)
      one, two, all             One thread, two at once, every thread and the spare
      boot                      A thread, and then the threads that boot to replace it
      throw, spin, exit, oom    A task that throws, never ends, calls process.exit or fills its heap, in the middle of
                                its first attempt
  --duration <time>           Length of each pipeline's run, after ten batches of warm-up; no kills in its first
                              quarter (default: 60s)
  --kills-per-second <n>      Average; a fault in a task waits until the batch that the last one delayed is complete
                              (default: 2)
  --seed <n>                  Determines data, schedule and kills (default: random; the run prints it)
  --threads <n>               Worker threads (default: the machine's cores, at most 8)
  --rate <n>                  Records per second, on average (default: 10000)
  --batch-interval <time>     Length of a batch (default: 100ms)
  --replicas <n>              Owners of each block, 1 to 3 (default: 2)
  --replication <how>         reference or copy (default: reference)
  --speculation               Copy slow tasks, with a threshold so low that healthy ones are copied too
  --memory-limit <MiB>        Limit of the engine's blocks (default: half of the machine's memory)
  --snapshot-interval <n>     Slides between snapshots of a state partition (default: 2)
  --report <file.html>        Draw batch times, kills and recoveries
  --json                      Print one JSON object per pipeline
  --help                      Show this text

  --kills <n>                 Long run: short rounds over all pipelines and modes, or the chosen ones, until the number
                              of kills is reached. The seed determines the setup of each round. Combines only with
                              pipeline, mode, duration (5s), kills-per-second (10), seed and json
  --within <time>             Ends a long run as failed after this time (default: 2h)

Examples:
  millrace stress --pipeline state --mode two --duration 30s --seed 1
  millrace stress --mode all --report stress.html
  millrace stress --kills 1000 --within 30m

Recovery is the time from a kill, or from when the batch was due if that was later, to the completion of the first batch
after it. The exit code is 1 on any difference: the report has the seed and the first difference. With oom the run is in
a process of its own, as V8 may abort the whole process when the heap of a worker is full; an abort counts as a failure.`
