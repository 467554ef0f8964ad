import { row } from './rows/kafka.js'
import { runSuite } from './suite.js'

runSuite(row)
