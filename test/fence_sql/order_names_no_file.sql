/* sql/order.txt: order: record/intruder\.sql is not there */
object record/intruder.sql both
