import { row } from './rows/http.js'
import { runSuite } from './suite.js'

runSuite(row)
