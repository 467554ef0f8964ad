import { fileURLToPath } from 'node:url'
import { folderOf } from '../../../test/services/install.mjs'

/** The options of a context on a Spark master, with executors of one core. `conf`: more of Spark's settings. `service`: its Spark. */
export function onSpark(master, parallelism, conf = {}, service = 'spark') {
  const own = {
    'spark.ui.enabled': 'false',
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.executor.cores': '1',
    'spark.executor.memory': '2g',
    'spark.cores.max': String(parallelism),
    'spark.millrace.node': process.execPath,
    ...conf,
  }
  const bridge = fileURLToPath(new URL('../../../bridge/spark/dist', import.meta.url))
  return { master, parallelism, spark: { home: folderOf(service), bridge, conf: own } }
}
