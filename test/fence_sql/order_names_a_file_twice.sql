/* sql/order.txt: order: extension/library\.sql is named twice */
member extension/library.sql task
