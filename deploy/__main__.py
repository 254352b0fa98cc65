"""`python -m deploy` is `pilotlight`."""

from deploy.main import main

main()
