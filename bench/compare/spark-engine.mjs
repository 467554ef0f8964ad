import { startSparkCluster } from './spark-cluster.mjs'

/*
 * Millrace on Spark beside Spark itself and Millrace alone, in turns on one cluster of two workers. All read the same file.
 */

const WORKERS = 2
/** As the fixed cost of a job on a cluster is some ten ms, files are larger than those of other workloads. */
const LARGER = 8

/** Bytes of a batch. */
const BATCH = 8 * 2 ** 20

/** `--workloads spark-engine` stands for all of them. The others create data and describe it. */
export function sparkEngineWorkloads({ linesFile, twoLines, ofFile, keyedState }) {
  const common = {
    module: 'spark-engine',
    unit: 'lines',
    // Only on the Node that runs the command.
    isWithLts: false,
    needs: 'millrace-spark',
  }
  const onCluster = (job, fileOf) => withCluster((options) => ofFile(fileOf(options), { job }))
  const withCluster = (data) => async (options) => {
    const { task, ...volume } = data(options)
    const cluster = await startSparkCluster(WORKERS)
    return {
      ...volume,
      task: { ...task, master: cluster.master },
      beside: cluster.pids,
      close: () => cluster.stop(),
    }
  }
  return [
    {
      ...common,
      name: 'spark-engine-wordcount',
      title: 'On a Spark cluster, word count of a file',
      prepare: onCluster('wordcount', ({ bytes }) => linesFile(LARGER * bytes)),
      contenders: [
        'millrace:kernels',
        'millrace:closures',
        'millrace:functions',
        'millrace-spark:kernels',
        'millrace-spark:closures',
        'millrace-spark:functions',
        'spark-rdd',
        'spark-sql',
      ],
    },
    {
      ...common,
      name: 'spark-engine-two-stages',
      title: 'On a Spark cluster, the words of two lines in two stages: the fixed cost of a job',
      prepare: onCluster('wordcount', twoLines),
      contenders: ['millrace:closures', 'millrace-spark:closures', 'spark-rdd'],
    },
    {
      ...common,
      name: 'spark-engine-lines',
      title: 'On a Spark cluster, every line of a file through a shuffle',
      prepare: onCluster('lines', ({ bytes }) => linesFile(2 * bytes)),
      contenders: ['millrace:closures', 'millrace-spark:closures', 'spark-rdd'],
    },
    {
      ...common,
      module: 'wordcount',
      name: 'spark-engine-batches',
      title:
        'On a Spark cluster, word counts of batches of 8 MiB: received by the driver or from a file (Millrace), from a file or from executors (Spark)',
      // After 60 batches the compilers of the JVMs take 30 % of the processor time of a batch, of Spark's own too; after 300 some 15 %;
      // after 1,000 some 9 %.
      warm: 1000,
      prepare: withCluster(() => ofFile(linesFile(BATCH))),
      contenders: ['millrace-spark:builtins', 'millrace-spark:closures', 'millrace-spark:file', 'spark:file', 'spark'],
    },
    {
      ...common,
      module: 'state-update',
      name: 'spark-engine-state',
      title: 'On a Spark cluster, a count for each key, every key visited in every batch (updateStateByKey)',
      unit: 'updates',
      warm: 20,
      prepare: withCluster(keyedState),
      contenders: ['millrace-spark', 'spark'],
    },
  ]
}
