import { row } from './rows/x.js'
import { runSuite } from './suite.js'

runSuite(row)
