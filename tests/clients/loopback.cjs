// Lets a server of Node listen to this machine alone; for programs that cannot be told to.
const net = require("node:net");
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...given) {
  if (typeof given[0] === "number") given = [given[0], "127.0.0.1", ...given.slice(1)];
  return listen.apply(this, given);
};
