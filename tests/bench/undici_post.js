// usage: undici_post.js URL ROWS.csv IN_FLIGHT
const fs = require("node:fs");
const { Pool } = require("undici");

const [url, file, flight] = process.argv.slice(2);
const { origin, pathname } = new URL(url);
const pool = new Pool(origin, { connections: Number(flight) });
const rows = fs.readFileSync(file, "utf8").trimEnd().split("\n").slice(1);
let next = 0;

async function worker() {
  while (next < rows.length) {
    const [email, role] = rows[next++].split(",");
    const { statusCode, body } = await pool.request({
      path: pathname,
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, role }),
    });
    const answer = await body.json();
    if (statusCode !== 200 || answer.email !== email) process.exitCode = 1;
  }
}

Promise.all(Array.from({ length: flight }, worker)).then(() => pool.close());
