import { row } from './rows/hdfs.js'
import { runSuite } from './suite.js'

runSuite(row)
