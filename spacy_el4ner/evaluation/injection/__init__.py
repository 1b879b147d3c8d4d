"""What becomes of a text's entities when somebody writes instructions to the model beside them."""
