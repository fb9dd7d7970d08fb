#!/usr/bin/python3 -s
from ironic_python_agent.cmd.agent import run

run()
