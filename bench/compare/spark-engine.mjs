import { startSparkCluster } from './spark-cluster.mjs'

/*
 * Millrace on Spark beside Spark itself and Millrace alone, in turns on one cluster of two workers. All read the same file.
 */

const WORKERS = 2
/** As the fixed cost of a job on a cluster is some ten ms, files are larger than those of other workloads. */
const LARGER = 8

/** `--workloads spark-engine` stands for all of them. `files`: how to create the data and describe it. */
export function sparkEngineWorkloads({ linesFile, twoLines, ofFile }) {
  const common = {
    module: 'spark-engine',
    unit: 'lines',
    // Only on the Node that runs the command.
    isWithLts: false,
    needs: 'spark-rdd',
  }
  const onCluster = (job, fileOf) => async (options) => {
    const { task, ...volume } = ofFile(fileOf(options))
    const cluster = await startSparkCluster(WORKERS)
    return {
      ...volume,
      task: { ...task, job, master: cluster.master },
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
        'millrace-spark:kernels',
        'millrace-spark:closures',
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
  ]
}
