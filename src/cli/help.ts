export const HELP = `Usage: millrace <command>

Commands:
  run <module>   Run a pipeline module (see 'millrace run --help')

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
  --json                      Write batches, named outputs and prints to stdout as JSON, one object a line
  --help                      Show this text

print() and output(name) write to stdout, progress and errors to stderr.
SIGINT (Ctrl-C) and SIGTERM process what has been received and stop; a second one stops at once.`
