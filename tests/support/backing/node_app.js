// An Express application with PostgreSQL, and a switch for each flaw: node_app.js [FLAW]
const fs = require("fs");
const express = require("express");
const pg = require("pg");

const flaw = process.argv[2] || "";
const app = express();
const options = { connectionString: process.env.DATABASE_URL };
if (flaw !== "no timeout") {
  Object.assign(options, { connectionTimeoutMillis: 1500, query_timeout: 1500 });
}
const database = flaw === "never reconnects" ? new pg.Client(options) : new pg.Pool(options);
if (flaw === "never reconnects") database.connect();
// an error of an idle connection ends the process where nothing listens for it
if (flaw !== "dies") database.on("error", () => {});

async function answer(request, response) {
  try {
    if (flaw !== "blind") await database.query("SELECT 1");
    response.json({ status: "ok" });
  } catch (error) {
    response.status(500).json({ status: "error" });
  }
}

app.get("/__heartbeat__", answer);
app.get("/__lbheartbeat__", (request, response) => {
  if (flaw === "needs it for the load balancer") return answer(request, response);
  response.end();
});
app.get("/__version__", (request, response) => {
  response.type("json").send(fs.readFileSync("version.json"));
});

app.listen(process.env.PORT, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));
