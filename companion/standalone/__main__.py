from companion.standalone.cli import main

main()
