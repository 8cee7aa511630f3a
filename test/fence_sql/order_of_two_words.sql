/* sql/order.txt: order: "member extension/grants\.sql" is not KIND FILE FOR: these are three words */

member extension/grants.sql
