// An HTTP server that leaves SIGTERM to Node.js, or with any argument handles it.
const server = require("http").createServer((request, response) => response.end());
server.listen(process.env.PORT, "0.0.0.0");
if (process.argv.length > 2) process.on("SIGTERM", () => process.exit(0));
